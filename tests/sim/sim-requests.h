/* The users' requests to the APIs of the fleetds, and what they are told. Judged by what the store
 * went through: what was acknowledged is there, what was refused is not, nothing is written that
 * nobody asked for, and who reads what was acknowledged finds it, or something later. */
#pragma once

#include "fleetd/model/keys.h"
#include "fleetd/model/maintenance.h"
#include "fleetd/model/reboot.h"
#include "fleetd/model/template-scale.h"
#include "tests/sim/sim-cluster.h"
#include "tests/sim/sim-report.h"
#include "tests/sim/sim-trace.h"

typedef struct SimRequests SimRequests;

SimRequests *sim_requests_new(SimCluster *cluster, SimTrace *trace, SimReport *report);
void sim_requests_free(SimRequests *requests);

/* One request; name is its unit's, or its machine's. */
typedef struct SimRequestWhat {
    SimRequestKind kind;
    const char *name;
    const char *text; /* of its file; NULL: as it is */
    LaunchState desired;
    const char *value;       /* of metadata, NULL: to be removed; how to deploy, what to say */
    Maintenance maintenance; /* the deadline from then on */
    Reboot reboot;           /* how it is to be done */
    uint64_t count;          /* of instances that are to be kept */
    usec_t patience_usec;    /* after that the user is gone, and hears nothing */
} SimRequestWhat;

/* To the fleetd of that machine; what comes back is looked at by and by. A user does not ask the
 * same fleetd twice for the same thing before he has heard from it. */
void sim_requests_ask(SimRequests *requests, SimNode *node, const SimRequestWhat *what);
/* After every step of the loop. */
void sim_requests_step(SimRequests *requests);
/* A fleetd ends, and with it the connections to it. */
void sim_requests_lose(SimRequests *requests, const SimNode *node);

/* A unit has changed at that revision; NULL: it is gone. */
void sim_requests_note_unit(SimRequests *requests, const char *name, const Unit *unit,
                            int64_t revision);
/* What a fleetd's transaction wrote under a key that only users ask for: as it can be read; all
 * NULL: it deleted that, or it is neither. */
typedef struct SimWritten {
    const char *key;
    const Unit *unit;
    const Maintenance *maintenance;
    const Reboot *reboot;
    const TemplateScale *scale;
    bool is_release; /* of machines that are held */
    bool has_file;   /* written with it: a deployment, and nothing that is said of one */
    bool is_restart; /* likewise, one that brings none */
    int64_t revision;
} SimWritten;

/* Whether anybody asked that fleetd for it. */
bool sim_requests_account_for(SimRequests *requests, const SimNode *node,
                              const SimWritten *written);

bool sim_requests_are_answered(const SimRequests *requests); /* or lost */
/* None waits for an answer for longer than it may. */
void sim_requests_check_answers(const SimRequests *requests);
