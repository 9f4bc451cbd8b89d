/* What the parts of the checker share: sim-check.c hears of everything and remembers it,
 * sim-orders.c judges what the store holds, sim-actions.c what machines do. */
#pragma once

#include "fleetd/model/failures.h"
#include "tests/sim/sim-check.h"
#include "tests/sim/sim-words.h"
#include "tests/sim/sim-writers.h"

/* A pair of machine and unit. */
typedef struct SimPlace {
    SimWords words;
    bool is_cut_off;       /* its order was taken away while the machine had no presence */
    bool was_meddled_with; /* since its last start */
    bool has_other_file;   /* likewise */
    bool may_fail;         /* a start of it */
    bool is_beside;     /* its order says launched, and did so while it could run in two places */
    unsigned boot;      /* of that start */
    usec_t back_until;  /* it comes back whenever it is stopped */
    usec_t stops_since; /* the last ones that followed one another closely */
    unsigned n_stops;
    usec_t ill_until; /* it did not answer its health check; USEC_INFINITY: it still does not */
    usec_t up_usec;   /* when its machine has last said that it is up, or was till then */
    usec_t restarted_usec; /* for that, and with which file, since it came to this machine */
    char restarted_hash[UNIT_FILE_HASH_LENGTH + 1];
} SimPlace;

/* What is new about an order. */
typedef enum SimOrderChange {
    SIM_ORDER_IS_OTHER,
    SIM_ORDER_IS_GIVEN,     /* there was none, or a withdrawn one */
    SIM_ORDER_IS_WITHDRAWN, /* it counted before */
} SimOrderChange;

/* That a machine be rebooted, as its agent may have heard it last. */
typedef struct SimRebootWord {
    char boot_id[MACHINE_ID_LENGTH + 1];
    usec_t until; /* USEC_INFINITY: it still holds */
} SimRebootWord;

/* The boot that a machine's presence has last named, and since when it has. */
typedef struct SimBoot {
    char id[MACHINE_ID_LENGTH + 1];
    usec_t since;
} SimBoot;

/* The record of a reboot goes because a user cancels it, or the leader finds that it is over. Which
 * of these is known from the transaction, and whether it can be over from the change: in either
 * order. */
typedef struct SimRebootEnd {
    int64_t leader_revision;    /* at which a leader has last found so */
    int64_t unfounded_revision; /* at which it was not, */
    char why_not[256];
} SimRebootEnd;

/* A machine that is not there. */
typedef struct SimVanished {
    usec_t since;         /* when its presence ran out; 0: it is there, or said that it leaves */
    int64_t revision;     /* at which it did */
    usec_t held_until;    /* when it was last said to be held */
    usec_t given_up_usec; /* after it was held */
} SimVanished;

struct SimCheck {
    SimCluster *cluster;
    SimRequests *requests;
    SimTrace *trace;
    Map *places;          /* by "<machine>/<unit>" */
    Map *changes;         /* key -> usec_t: when it last changed */
    usec_t changed_usec;  /* when anything last did */
    Map *hurried;         /* machine -> usec_t: when a drain of it last had, or got, a deadline */
    Map *proposed;        /* set of "<machine>/<unit>" that are to leave for balance */
    Map *judged_orders;   /* changed at this revision: SimOrderChange by "<machine>/<unit>" */
    char *judged_rollout; /* whose record has changed at this revision; NULL: none */
    size_t n_seen[SIM_NODES_MAX]; /* actions */
    SimWriters writers;
    SimRebootWord reboot_words[SIM_NODES_MAX];
    SimRebootEnd reboot_end;
    SimBoot boots[SIM_NODES_MAX];
    SimVanished vanished[SIM_NODES_MAX];
    uint64_t n_brakes; /* that were put on */
};

/* How old what somebody acts on may be: a lease, and what is under way. */
static inline usec_t sim_check_stale_usec(const SimCheck *check) {
    return check->cluster->agent_ttl_usec + SIM_UNDER_WAY_USEC;
}

/* Whether whoever decides must have heard of the last change. */
static inline bool sim_check_has_settled(const SimCheck *check, KeyKind kind,
                                         const char *machine_id, const char *name) {
    return sim_check_last_change(check, kind, machine_id, name) + sim_check_stale_usec(check) <
           loop_now(check->cluster->loop);
}

/* What is wanted of that machine, by people and for the sake of its reboot. */
static inline bool sim_check_wants_have_settled(const SimCheck *check, const char *machine_id) {
    return sim_check_has_settled(check, KEY_MAINTENANCE, machine_id, NULL) &&
           sim_check_has_settled(check, KEY_REBOOT, machine_id, NULL);
}

/* Made if nothing was known of it. */
SimPlace *sim_check_need_place(SimCheck *check, const char *machine_id, const char *name);

/* To be told of every change, in order, and of the end of each revision. */
void sim_orders_judge_change(SimCheck *check, const Key *key, const void *old, const void *new);
void sim_orders_judge_revision(SimCheck *check);

/* What is wanted of a machine has changed. */
void sim_moves_note(SimCheck *check, const char *machine_id, const Maintenance *old,
                    const Maintenance *new);
void sim_moves_note_hurry(SimCheck *check,
                          const char *machine_id); /* there is, or was, a deadline */
/* Of an order that was just withdrawn, when its revision is complete. */
void sim_moves_judge(SimCheck *check, const Order *order);
bool sim_moves_has_time(const SimCheck *check, const char *machine_id);

/* What is remembered of a unit that failed; an order that was just withdrawn or given, when its
 * revision is complete. */
void sim_retries_judge_record(SimCheck *check, const Failures *old, const Failures *new);
void sim_retries_judge_withdrawal(SimCheck *check, const Order *order);
void sim_retries_judge_place(SimCheck *check, const Order *order);

/* Whether its machine has said that it is up at any time from then on. */
bool sim_check_was_up_since(SimCheck *check, const Order *order, usec_t since);

/* How far a reboot is; a transaction that a fleetd has made; that a machine has asked its systemd
 * to reboot it. */
void sim_reboots_judge_record(SimCheck *check, const char *machine_id, const Reboot *old,
                              const Reboot *new);
void sim_reboots_note_machine(SimCheck *check, const Machine *machine);
void sim_reboots_judge_txn(SimCheck *check, const StoreTxn *txn, const StoreTxnResult *result);
void sim_reboots_judge_action(SimCheck *check, SimNode *node);

/* A presence; what is held; that the order is taken from a machine which has no presence. */
void sim_brake_note_machine(SimCheck *check, const char *id, const Machine *old,
                            const Machine *new);
void sim_brake_note(SimCheck *check, const BrakeRecord *old, const BrakeRecord *new);
void sim_brake_judge_given_up(SimCheck *check, const char *id, const Order *order);
/* Something that no leader begins while machines are held: what, for people, is begun for name. */
void sim_brake_judge_beginning(SimCheck *check, const char *name, const char *what);

/* Since when what its orders said may still be acted on. */
usec_t sim_actions_heard_since(const SimCheck *check, const SimNode *node);
/* What runs there may do so without an order: it is not fleet that had it run. */
bool sim_place_may_run_on(const SimPlace *place);

/* What is let run in two places by a deployment, now or just before. */
void sim_beside_note(SimCheck *check, const Rollout *old);
bool sim_beside_is_allowed(const SimCheck *check, const char *name);
/* An order has changed; new NULL: it has gone. */
void sim_beside_judge_order(SimCheck *check, const Key *key, const Order *old, const Order *new);
/* Whether any of its orders was given while it was allowed. */
bool sim_beside_is_ordered(const SimCheck *check, const char *name);

/* Of every action of a machine, as its systemd has it: "start a.service". */
void sim_actions_judge(SimCheck *check, SimNode *node, const char *action);
