/* The cluster of bench-scale: a real etcd on loopback, two fleetds with an engine and an API, each
 * a process, and further processes with many agents each. All machines are production code but for
 * a simulated systemd. */
#pragma once

#include "tests/bench/benchmark.h"
#include "tests/bench/process-usage.h"
#include "tests/bench/scale-host.h"
#include "tests/bench/scale-usage.h"
#include "tests/bench/scale-users.h"
#include "tests/bench/scale-watch.h"

#define SCALE_ENGINES 2
#define SCALE_HOSTS_MAX 16
#define SCALE_VERSIONS 2
#define SCALE_SOCKET_MAX 100 /* as a socket's address has room for */

typedef struct ScaleOptions {
    size_t n_machines, n_units;
    size_t n_hosts;   /* processes with agents */
    usec_t ttl_usec;  /* agent_ttl */
    usec_t rest_usec; /* so long nothing is done, to see what that costs */
} ScaleOptions;

typedef struct Scale {
    ScaleOptions options;
    size_t n_units_max, n_sharing;
    char directory[64]; /* of the sockets */
    EtcdProcess *etcd;
    ScaleHost hosts[SCALE_ENGINES + SCALE_HOSTS_MAX]; /* the first ones have engines */
    size_t n_hosts;
    sd_event *event;
    Loop *loop;
    Store *store;
    char *texts[SCALE_VERSIONS], *hashes[SCALE_VERSIONS + 1];
    ScaleWatch watch;
    ScaleUsers *users;
    size_t users_engine; /* the machine whose API they ask */
    size_t n_on;         /* machines that were switched on */
    size_t lost;         /* the one whose power is cut */
} Scale;

/* All processes, with all machines off; one more than n_machines for later. */
void scale_init(Scale *scale, const ScaleOptions *options);
void scale_done(Scale *scale);

/* Runs the loop until it holds; after so long without, ends the program. */
void scale_wait(Scale *scale, bool (*predicate)(void *userdata), void *userdata, usec_t max_usec,
                const char *what);
/* Users ask for n units, and get them. */
void scale_ask(Scale *scale, const ScaleWish *wish);
/* A predicate: everything asked for is acknowledged and runs. */
bool scale_is_settled(void *scale);

void scale_boot(Scale *scale); /* n_machines of them, and a leader */
/* Users ask who does not lead now, so that the leader's figures are the engine's alone, and one
 * lives on when the leader is killed. They must be content. */
void scale_seat_users(Scale *scale);
void scale_switch(Scale *scale, size_t machine, bool is_on);
ScaleHost *scale_leading_host(Scale *scale);
/* Where users reach the API; there from scale_boot() on. */
void scale_users_socket(const Scale *scale, char *ret, size_t size);
