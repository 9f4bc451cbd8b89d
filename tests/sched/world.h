/* Everything around the scheduler, for its tests: the store, users, machines with their agents, and
 * an engine that writes every plan. What happens in the store reaches the engine's cluster in order
 * but, if the test likes, late. Misuse and broken promises end the test program with a message. */
#pragma once

#include "fleetd/sched/plan.h"

#include "fleetd/base/map.h"

typedef struct WorldUnit {
    Unit unit;
    char *options; /* the lines of [X-Fleet] */
} WorldUnit;

typedef struct WorldEvent WorldEvent;

typedef struct World {
    Map *machines;     /* id -> Machine: presences */
    Map *units;        /* name -> WorldUnit */
    Map *orders;       /* "id/name" -> Order */
    Map *states;       /* "id/name" -> UnitState */
    Map *pendings;     /* name -> Pending */
    Map *capacities;   /* id -> Machine: what it has */
    Map *maintenances; /* id -> Maintenance */
    Map *failures;     /* name -> Failures */
    Map *broken;       /* names of units that do not come up; "id/name": on that machine */
    Map *ended;        /* "id/name": what has done its work there */
    Map *running;      /* "id/name": what agents have really started */
    Map *spread;       /* names of units whose places need not be one: that are or once were global,
                        * or started elsewhere first */
    int64_t revision;  /* of the last request of a user */
    usec_t now_usec;   /* for what fails */

    Cluster *cluster;
    WorldEvent **events; /* not yet heard by the cluster */
    size_t n_events;
} World;

World *world_new(void);
void world_free(World *world);
DEFINE_POINTER_CLEANUP(World, world_free)

void world_put_machine(World *world, const char *id, MachineStatus status, const char *metadata);
/* What the machine has, from now on also when it comes again; 0: it does not say. */
void world_set_capacity(World *world, const char *id, uint64_t memory_bytes, uint64_t cores,
                        uint64_t overbook_percent);
/* The machine dies: its units with it, and its lease takes presence and states. */
void world_remove_machine(World *world, const char *id);
/* The same, and it says so itself. */
void world_leave_machine(World *world, const char *id);
/* options NULL: the file stays as it is. */
void world_put_unit(World *world, const char *name, LaunchState desired, const char *options);
void world_restart_unit(World *world, const char *name); /* as it is, once more */
void world_remove_unit(World *world, const char *name);

/* drain and message as they stand in the store; world_remove_maintenance() takes all back. */
void world_put_maintenance(World *world, const Maintenance *maintenance);
void world_remove_maintenance(World *world, const char *machine_id);
void world_end_drain(World *world, const char *machine_id); /* its deadline has passed */
/* The unit does not come up any more, wherever it is started, or on that machine; or does again. */
void world_break_unit(World *world, const char *machine_id, const char *name, bool is_broken);
/* The unit has done its work there. */
void world_end_unit(World *world, const char *machine_id, const char *name);

/* So much later the engine looks at what has failed: what it notes is written and heard, and what
 * is due is tried anew with the next plan. */
void world_review_failures(World *world, usec_t passed_usec);

/* What an earlier engine left in the store; heard at the next world_restart_engine(). */
void world_leave_order(World *world, const char *machine_id, const char *name, LaunchState desired,
                       int64_t unit_revision, const char *reason);
void world_leave_pending(World *world, const char *name, const char *summary);
void world_put_state(World *world, const char *machine_id, const char *name, LaunchState current,
                     int64_t unit_revision);
void world_remove_state(World *world, const char *machine_id, const char *name);

/* The machine has the unit for another cluster, with a file of these options; heard at once. */
void world_put_orphan(World *world, const char *machine_id, const char *name, LaunchState desired,
                      const char *options);

/* The agent looks at one unit: carries out its order, or cleans up after one that is gone. */
void world_agent_act(World *world, const char *machine_id, const char *name);
/* All agents, or one machine's, look at everything. */
void world_agents_act(World *world, const char *machine_id);

/* Tells the cluster the oldest n things that it has not heard. */
void world_tell(World *world, size_t n);
/* A new engine reads everything, in an order that shuffle(n) gives (a number below n; NULL: as it
 * comes). */
void world_restart_engine(World *world, size_t (*shuffle)(void *userdata, size_t n),
                          void *userdata);
/* The engine has waited long enough for machines that have orders and did not appear. */
void world_give_up_missing(World *world);
/* Plans and writes; everything written is heard again. The caller frees the plan. */
Plan *world_plan(World *world, size_t max_units);

Order *world_find_order(const World *world, const char *machine_id, const char *name);
bool world_is_live(const World *world, const char *machine_id);
Requirements *world_requirements(const WorldUnit *unit);

#define must(condition) world_must((condition), #condition, __FILE__, __LINE__)
void world_must(bool condition, const char *text, const char *file, int line);
void world_fail(const char *format, ...) _printf_(1, 2) _noreturn_;
/* With TRACE in the environment, tells the story as it goes. */
void world_trace(const char *format, ...) _printf_(1, 2);
/* Is said with every failure: which case or seed it is. */
extern char world_context[64];
