/* What the agent knows of one unit: its order, its status in systemd, the task under way, and how
 * the last one ended. Only values and the rules between them; agent.c moves them. */
#pragma once

#include "fleetd/agent/reconcile.h"
#include "fleetd/base/time-units.h"

typedef struct AgentUnit {
    struct Agent *agent; /* whose it is */
    char *name;
    Order *order;       /* NULL: none */
    bool is_held;       /* the order cannot be read; order is what it was, if that is known */
    UnitStatus *status; /* NULL: no file here */

    TaskKind running;        /* the task that the unit manager works on; TASK_NONE: none */
    unsigned n_stale_starts; /* start jobs that a stop has overtaken; their ends mean nothing */
    int64_t
        answered_revision; /* unit_revision of the last order that was carried out, or given up */

    /* The last task's end, for the order of job_revision. */
    int64_t job_revision;
    JobResult job;
    char *message;
    char **log;

    int64_t vouched_revision;              /* the registration that it was last vouched for under */
    usec_t vouched_usec, vouched_for_usec; /* when, and how long it may run on after that */

    UnitHealth health; /* as it is told, with a message; NULL: nothing is to be said */
    char *health_message;
    struct HealthWatch *watch; /* NULL: its file asks for none */
    char *watched_hash;        /* that file's */

    bool is_unclaimed;      /* its cluster could not be noted; that is what was told last */
    unsigned n_failures;    /* in a row, of tasks that are tried again */
    usec_t not_before_usec; /* of the next try; USEC_INFINITY: no start before another order */
} AgentUnit;

int agent_unit_new(struct Agent *agent, const char *name, AgentUnit **ret);
void agent_unit_free(AgentUnit *unit);
DEFINE_POINTER_CLEANUP(AgentUnit, agent_unit_free)

/* A new order, or none: takes it over, and lets what failed be tried at once. */
void agent_unit_set_order_take(AgentUnit *unit, Order *order);
void agent_unit_set_status_take(AgentUnit *unit, UnitStatus *status);
int agent_unit_copy_status(AgentUnit *unit, const UnitStatus *status);

/* The task's effect on the status, as far as it is known before systemd tells. hash: of the file
 * that was written. */
int agent_unit_note_written(AgentUnit *unit, const char *hash);
void agent_unit_note_ended(AgentUnit *unit, TaskKind kind, JobResult result, const char *message,
                           char *const *log, usec_t now_usec);

/* Whether its cluster is noted. If that fails it is told like a file that cannot be written, and
 * tried again, later and later; success ends that. */
void agent_unit_note_unclaimed(AgentUnit *unit, const char *message, usec_t now_usec);
void agent_unit_note_claimed(AgentUnit *unit);

/* Nothing is left to know or to do, and no answer is awaited. */
bool agent_unit_is_over(const AgentUnit *unit);

/* What it answered, and how, was of another cluster, whose revisions mean nothing here. */
void agent_unit_forget_answers(AgentUnit *unit);

/* The task failed before, and it is too early to try again. A start that is not to be repeated
 * holds up no other task: the unit's file may be lost, or be another one, meanwhile. */
bool agent_unit_has_to_wait(const AgentUnit *unit, TaskKind next, usec_t now_usec);

/* Marks the order as answered if there is nothing to do for it, or nothing more to try now. */
void agent_unit_settle(AgentUnit *unit, TaskKind next, usec_t now_usec);

/* The JSON value of `state/<id>/<name>`; *ret NULL: there is nothing to say. Of an orphan nothing
 * is asked, so that it has no job. -ENOMEM. */
int agent_unit_format_state(const AgentUnit *unit, bool is_orphan, char **ret);
