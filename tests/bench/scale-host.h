/* A process of bench-scale that has some of its machines, and does with them what the one that
 * started it says. */
#pragma once

#include "tests/bench/scale-node.h"

#include <sys/types.h>

#define SCALE_KEY_PREFIX "/bench/"

typedef struct ScaleHostOptions {
    const char *etcd_url;
    size_t first, n_nodes; /* its machines' numbers */
    size_t n_sharing;      /* so many machines use the same connections to etcd */
    usec_t ttl_usec;
    const char *socket; /* as of a node: then it is one of its own */
} ScaleHostOptions;

typedef struct ScaleHost {
    size_t first, n_nodes;
    pid_t pid; /* 0: it was killed */
    int fd;
} ScaleHost;

/* Forks. Machines are off. Call it before there is an event loop. */
void scale_host_start(ScaleHost *host, const ScaleHostOptions *options);
/* Killed as a power cut would. */
void scale_host_kill(ScaleHost *host);

bool scale_host_has(const ScaleHost *host, size_t number);
void scale_host_switch(const ScaleHost *host, size_t number, bool is_on);
/* What the watches of all its machines were told since the last time. Waits for the answer. */
WatchCount scale_host_take_count(const ScaleHost *host);
