/* What the parts of the agent share: agent.c makes it and holds its place in the cluster,
 * agent-orders.c and agent-units.c hear of orders and of systemd, agent-pass.c decides on tasks,
 * agent-tasks.c begins and ends them, agent-write.c writes files, agent-orphans.c keeps what is of
 * another cluster, which agent-arrive.c tells the store before the machine is listed there,
 * agent-health.c watches over the health of units, agent-probes.c asks them for it, agent-vouch.c
 * keeps units running that must not run twice, agent-reboot.c has the machine rebooted,
 * agent-leave.c takes leave. */
#pragma once

#include "fleetd/agent/agent-unit.h"
#include "fleetd/agent/agent.h"
#include "fleetd/agent/cluster-check.h"
#include "fleetd/agent/file-cache.h"
#include "fleetd/agent/health-watch.h"
#include "fleetd/agent/publisher.h"
#include "fleetd/base/map.h"
#include "fleetd/store/mirror.h"

typedef struct WriteRun WriteRun; /* a batch of unit files on its way to the machine */

/* How far the machine has come on its way into the store. */
typedef enum ArrivalStep {
    ARRIVAL_NONE,    /* its presence stands, or is being read or written */
    ARRIVAL_CLUSTER, /* asked for */
    ARRIVAL_UNITS,   /* the orders for them, and what systemd has: which ones are orphans? */
    ARRIVAL_TELLING, /* the orphans are being written */
} ArrivalStep;

struct Agent {
    Store *store;
    Loop *loop;
    UnitManager *unit_manager;
    Prober *prober; /* NULL: nobody asks for health */
    char *machine_id;
    char *boot_id;
    char *order_prefix;
    usec_t ttl_usec, restart_grace_usec;
    void (*on_registered)(void *userdata);
    void (*on_replaced)(void *userdata);
    void *userdata;
    Metrics *metrics;
    MetricSource *metric_source;

    Presence *presence;
    struct {
        ArrivalStep step;
        int64_t lease, revision; /* as on_vacant told them */
    } arrival;
    Publisher *publisher;        /* of states */
    Publisher *orphan_publisher; /* under the same place, but before the presence stands */
    FileCache *files;
    Mirror *orders;
    ClusterCheck *cluster_check;
    bool is_cluster_asked;       /* since the orders were listed last, or contact came back */
    char *cluster;               /* the id that was told last; NULL: none yet */
    int64_t registered_revision; /* 0: not registered */
    int64_t former_lease;        /* to be revoked when all states stand under the new one */
    StoreOp *revoke;

    Map *units;   /* AgentUnit by name */
    Map *marked;  /* names of units that the next pass looks at */
    Map *orphans; /* of another cluster, and without an order: hash of the file told, by name */
    size_t n_orphans_told;
    Timer *pass;
    Timer *retry;
    usec_t retry_at_usec;
    bool is_listed;
    bool is_listing;       /* the answer is on its way */
    bool is_list_outdated; /* it was asked for before something that it may miss */
    bool is_leaving;

    HealthQueue probes_waiting;
    size_t n_probes; /* under way */

    WriteRun *writing;
    bool write_singly; /* a batch failed: find out which file it was */

    char *presence_key;
    Timer *vouch; /* to ask for the presence again */
    StoreOp *vouch_op;
    usec_t vouch_sent_usec;

    struct {
        Mirror *mirror; /* of its record */
        bool is_wanted, is_asked;
        Timer *retry;
    } reboot;

    bool is_stopping_units; /* before it says goodbye */
    size_t n_stopping;
    int stop_result;
    Timer *stop_limit;
    usec_t leave_usec;
    PresenceFarewell farewell;
    void (*left)(int r, void *userdata);
    void *left_userdata;
};

/* Begins to listen to the store, and to systemd. */
int agent_open_orders(Agent *agent);
int agent_open_units(Agent *agent);

/* The cluster that the orders are of: to be asked for anew, as they come from another look at the
 * store; and whether it is known. Without it nobody can tell whether a unit without an order is one
 * too many or one that was forgotten. */
int agent_open_cluster(Agent *agent);
void agent_doubt_cluster(Agent *agent);
void agent_ask_cluster(Agent *agent); /* the orders are as the store has them now */

/* Only while it knows its orders. */
bool agent_has_orphan(const Agent *agent, const AgentUnit *unit);
/* Whether the unit is nobody's business here but shall stay: it is of another cluster, and has no
 * order. Tells the cluster so. One with an order is of this cluster from now on. -errno: that
 * could not be noted. */
int agent_sort_unit(Agent *agent, AgentUnit *unit, bool *ret_is_orphan);
void agent_log_orphans(Agent *agent); /* if there are more or fewer of them */

/* If the unit is an orphan the cluster is told so, else that it is none any more. -ENOMEM. */
int agent_tell_orphan(Agent *agent, const AgentUnit *unit);

/* agent-arrive.c: in a store that does not know yet what is here the presence waits. */
void agent_on_vacant(int64_t lease, int64_t revision, void *userdata);
void agent_arrive(Agent *agent); /* as far as it can get now */

/* What is known of a unit; made if nothing was. */
int agent_get_unit(Agent *agent, const char *name, AgentUnit **ret);

/* Has the next pass look at a unit, or at all of them. */
void agent_mark(Agent *agent, const char *name);
void agent_mark_all(Agent *agent);

/* Brings the unit's state, as it is now, to the store; or takes it away, as nothing is left to say.
 * A failure is told, and tried again. */
int agent_publish(Agent *agent, const AgentUnit *unit);

/* Asks systemd for all units, or once more if it is being asked; nothing is begun before it has
 * answered. */
void agent_list(Agent *agent);

/* The pass timer's callback. */
void agent_on_pass(void *userdata);
/* Has all units looked at again at that time, or earlier. */
void agent_retry_at(Agent *agent, usec_t at_usec);
/* Says that there was no memory for something, and has all units looked at again soon. */
void agent_retry_soon(Agent *agent, const char *what, const char *name);

/* Of states and orphans, as publisher_set_place(). */
void agent_set_place(Agent *agent, int64_t lease, int64_t revision);
/* Makes everything that this machine said of itself be written anew, under a new revision of its
 * presence. */
void agent_reclaim_presence(Agent *agent);
/* Nothing is marked, under way or unpublished that the former lease could still be needed for: it
 * may go. */
void agent_revoke_former(Agent *agent);

/* Hands a task to the unit manager, but for a write (agent_write_batch()). One that it does not
 * take has ended at once. */
void agent_begin_task(Agent *agent, AgentUnit *unit, Task task);
/* That it was launched for the restart that its order names, or is to be. -errno: as before. */
int agent_note_restart(AgentUnit *unit);
/* The unit manager is done with a task, or could not begin it: notes how it ended and has the unit
 * looked at. */
void agent_task_ended(AgentUnit *unit, TaskKind kind, JobResult result, const char *message,
                      char *const *log);

/* agent-health.c: after each change of what is known of a unit, or of all, as watching it may begin
 * or end. */
void agent_watch_health(Agent *agent, AgentUnit *unit);
void agent_watch_all(Agent *agent);
/* agent-tasks.c: if it runs; no other task is under way. */
void agent_restart_unit(Agent *agent, AgentUnit *unit);

/* agent-vouch.c */
int agent_open_vouching(Agent *agent);
void agent_close_vouching(Agent *agent);
/* Its file has StopAfterDisconnect=. */
bool agent_unit_is_guarded(const AgentUnit *unit);
/* The agent is registered, and knows of every order what it was then, or later, and which cluster's
 * they are. */
bool agent_knows_its_orders(const Agent *agent);
/* Asks the store, if any unit needs it, and vouches for those that may run when it has answered. */
void agent_ask_for_presence(Agent *agent);
/* The same, if it is this unit that needs it now. */
void agent_need_presence(Agent *agent, const AgentUnit *unit);
/* So recently, and for as long as its order allows now, that the unit can be started. */
bool agent_has_vouched_for(const Agent *agent, const AgentUnit *unit);
/* The presence stands until then, whoever takes care of it. */
void agent_vouch_until(Agent *agent, usec_t until_usec);
/* Before a new status is taken over: tells if the guard has stopped the unit. */
void agent_note_guard(AgentUnit *unit, const UnitStatus *status);

/* agent-reboot.c */
int agent_open_reboot(Agent *agent);
void agent_close_reboot(Agent *agent);
void agent_consider_reboot(Agent *agent); /* if it is wanted, and not under way */

/* agent-leave.c */
void agent_on_parting(int64_t lease, int64_t held_lease, void *userdata);
void agent_left(Agent *agent, int r);
void agent_on_stop_limit(void *userdata);

/* The text of the file that is ordered, as file_cache_get() has it. One that cannot be had is told
 * in the unit's state, and asked for again by the cache's own timer, which asks for a pass. */
int agent_get_text(Agent *agent, AgentUnit *unit, const char **ret_text, size_t *ret_size);
/* Counts a task that ended. */
void agent_metrics_count_job(Agent *agent, TaskKind kind, JobResult result);
void agent_metrics_count_reboot(Agent *agent, bool is_taken);
void agent_metrics_count_check(Agent *agent, bool is_well);
void agent_metrics_open(Agent *agent);

/* Sends a batch of those among the units whose text is at hand. 0, or the number of units whose
 * text is on its way. */
int agent_write_batch(Agent *agent, AgentUnit **units, size_t n);
/* Takes a batch out of agent->writing without waiting for it. */
void agent_drop_write_run(Agent *agent, WriteRun *run);
void write_run_free(WriteRun *run);
