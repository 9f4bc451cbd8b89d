/* What the parts of the users' requests know of one another: asking for something, what is written
 * for it, and what is answered. */
#pragma once

#include "tests/fakes/recorded-exchange.h"
#include "tests/sim/sim-history.h"
#include "tests/sim/sim-requests.h"

#include <inttypes.h>
#include <sys/queue.h>

typedef struct SimRequest {
    unsigned number;
    SimRequestKind kind;
    SimNode *node;
    char *name;
    char *key; /* that it may write; NULL: none */
    LaunchState desired;
    Maintenance maintenance; /* without texts */
    Reboot reboot;           /* likewise */
    uint64_t count;
    char *hash;                 /* "": of whichever file the unit has */
    RecordedExchange *recorded; /* NULL: it is over */
    SimOutcome outcome;
    usec_t sent_usec, gone_usec;
    int64_t sent_revision; /* of the store */
    char *records;         /* sim_requests_records() then; NULL: of units alone */
    int64_t wanted;        /* that a read must have reached */
    bool has_written;
    TAILQ_ENTRY(SimRequest) link;
} SimRequest;

struct SimRequests {
    SimCluster *cluster;
    SimTrace *trace;
    SimReport *report;
    unsigned n_requests;
    TAILQ_HEAD(, SimRequest) requests;
    size_t n_open;
    Map *histories;                      /* by unit */
    int64_t acknowledged[SIM_NODES_MAX]; /* by the fleetd that runs there */
};

bool sim_request_is_of_unit(const SimRequest *request);
void sim_request_free(SimRequest *request);
/* What stands in the store of that name beside units: its deployment, rollout, and number. */
char *sim_requests_records(const SimRequests *requests, const char *name);
SimHistory *sim_requests_history(SimRequests *requests, const char *unit);

/* Of requests for the same state, to the same fleetd, nobody can tell whose a write was. That one
 * counts as having written, which has not; false: there is none. */
bool sim_request_write_is_of_another(SimRequests *requests, const SimRequest *request);
