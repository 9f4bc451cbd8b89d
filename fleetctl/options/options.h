/* What the command line and the environment say. Pure. */
#pragma once

#include "fleetctl/options/flags.h"
#include "fleetd/base/time-units.h"

#define ENDPOINT_DEFAULT "unix:///run/fleet.sock"
#define BLOCK_ATTEMPTS_UNSET (-1)

typedef enum Tristate {
    TRISTATE_UNSET,
    TRISTATE_OFF,
    TRISTATE_ON,
} Tristate;

typedef enum ColorMode {
    COLOR_AUTO, /* where standard output is a terminal that has them */
    COLOR_ALWAYS,
    COLOR_NEVER,
} ColorMode;

/* Strings are borrowed from the arguments and the environment. */
typedef struct Options {
    const char *endpoint;
    const char *ca_file, *cert_file, *key_file; /* NULL: not given */
    const char *driver;
    const char *etcd_key_prefix;
    ColorMode color;
    usec_t request_timeout_usec;
    const char *tunnel, *ssh_username, *known_hosts_file; /* NULL: not given */
    usec_t ssh_timeout_usec;                              /* 0: not given */
    Tristate strict_host_key_checking;
    unsigned ssh_port; /* 0: not given */
    bool debug, version, help;
    bool replace, no_block, no_legend, full;
    int64_t block_attempts;      /* seconds; 0: for ever; BLOCK_ATTEMPTS_UNSET */
    const char *fields;          /* NULL: the default columns */
    const char *output;          /* NULL: the command's default form; the command checks it */
    const char *state, *machine; /* NULL: any */
    const char *unit;            /* NULL: not given */
    int64_t lines;
    bool follow, sudo, forward_agent;
    bool all, forget, dry_run;
    bool wait_healthy;
    const char *wait_for;                       /* NULL: not given; the command checks it */
    usec_t timeout_usec;                        /* of a wait; 0: not given */
    const char *message;                        /* NULL: not given */
    usec_t deadline_usec;                       /* 0: none */
    int64_t max_parallel, max_moves;            /* 0: not given */
    int64_t parallel, canaries, check_revision; /* 0: not given */
    usec_t healthy_usec, healthy_deadline_usec;
    const char *on_failure, *order; /* NULL: not given; the command checks them */
    bool stop, destroy, drain;      /* what a plan is of */
    bool ignore_global, detach, keep_cordoned, now, cancel;
    uint64_t given; /* FLAG_BIT() of what stood on the command line */
} Options;

/* Whether flags end with the command's first operand, as what follows is another program's. */
typedef bool (*OptionsFlagsEnd)(const char *command);

/* Reads flags from the environment (FLEETCTL_<FLAG>, flag_is_in_environment()), then from the
 * arguments, where they may stand before, between and after the words until "--", or until the
 * first operand of a command for which flags_end (may be NULL) is true. The words, NULL-terminated,
 * are borrowed; the caller frees the array. -EINVAL for unknown flags (with a suggestion), missing
 * and bad values. */
int options_parse(const char *const *arguments, const char *const *environment,
                  OptionsFlagsEnd flags_end, Options *ret, const char ***ret_words, Error *reterr);

/* -EINVAL when a flag was given that is neither global nor in allowed. command is for the message.
 */
int options_check_allowed(const Options *options, const char *command, uint64_t allowed,
                          Error *reterr);
