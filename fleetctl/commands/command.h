/* A command of fleetctl: what it takes, what it says of itself, and the function that carries it
 * out. */
#pragma once

#include "fleetctl/api/context.h"

/* Carries a command out. 0: all went well; positive: the exit status, everything has been said;
 * -errno: reterr says why it could not go on. operands is NULL-terminated and of a length that the
 * command allows. */
typedef int (*CommandRun)(Context *context, const char *const *operands, Error *reterr);

typedef struct Command {
    const char *name;
    const char *operands; /* as help shows them; NULL: none */
    size_t operands_min, operands_max;
    const char *too_few; /* what to say when there are fewer than operands_min */
    uint64_t flags;      /* FLAG_BIT()s beside the global ones */
    bool is_local;       /* needs no fleetd */
    bool passes_flags;   /* what follows the first operand is another program's, flags and all */
    const char *summary; /* one line */
    const char *description;
    CommandRun run;
} Command;

/* All commands in the order of the help text; ends with a row without a name. */
extern const Command commands[];

/* The command that word names, or is the beginning of when it begins no other. -EINVAL with a
 * suggestion or the choices. */
int command_find(const char *word, const Command **ret, Error *reterr);

int command_submit(Context *context, const char *const *operands, Error *reterr);
int command_load(Context *context, const char *const *operands, Error *reterr);
int command_start(Context *context, const char *const *operands, Error *reterr);
int command_stop(Context *context, const char *const *operands, Error *reterr);
int command_unload(Context *context, const char *const *operands, Error *reterr);
int command_destroy(Context *context, const char *const *operands, Error *reterr);
int command_wait(Context *context, const char *const *operands, Error *reterr);
int command_restart(Context *context, const char *const *operands, Error *reterr);
int command_journal(Context *context, const char *const *operands, Error *reterr);
int command_ssh(Context *context, const char *const *operands, Error *reterr);
int command_fd_forward(Context *context, const char *const *operands, Error *reterr);
int command_list_orphans(Context *context, const char *const *operands, Error *reterr);
int command_adopt(Context *context, const char *const *operands, Error *reterr);
int command_backup(Context *context, const char *const *operands, Error *reterr);
int command_restore(Context *context, const char *const *operands, Error *reterr);
int command_verify(Context *context, const char *const *operands, Error *reterr);
int command_cat(Context *context, const char *const *operands, Error *reterr);
int command_history(Context *context, const char *const *operands, Error *reterr);
int command_diff(Context *context, const char *const *operands, Error *reterr);
int command_status(Context *context, const char *const *operands, Error *reterr);
int command_list_units(Context *context, const char *const *operands, Error *reterr);
int command_list_unit_files(Context *context, const char *const *operands, Error *reterr);
int command_list_machines(Context *context, const char *const *operands, Error *reterr);
int command_cordon(Context *context, const char *const *operands, Error *reterr);
int command_uncordon(Context *context, const char *const *operands, Error *reterr);
int command_drain(Context *context, const char *const *operands, Error *reterr);
int command_undrain(Context *context, const char *const *operands, Error *reterr);
int command_failover(Context *context, const char *const *operands, Error *reterr);
int command_rebalance(Context *context, const char *const *operands, Error *reterr);
int command_reboot(Context *context, const char *const *operands, Error *reterr);
int command_deploy(Context *context, const char *const *operands, Error *reterr);
int command_plan(Context *context, const char *const *operands, Error *reterr);
int command_rollout(Context *context, const char *const *operands, Error *reterr);
int command_scale(Context *context, const char *const *operands, Error *reterr);
int command_list_reboots(Context *context, const char *const *operands, Error *reterr);
int command_events(Context *context, const char *const *operands, Error *reterr);
int command_explain(Context *context, const char *const *operands, Error *reterr);
int command_help(Context *context, const char *const *operands, Error *reterr);
int command_version(Context *context, const char *const *operands, Error *reterr);
