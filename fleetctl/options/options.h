/* What the command line and the environment say. Pure. */
#pragma once

#include "fleetctl/options/flags.h"
#include "fleetd/base/time-units.h"

#define ENDPOINT_DEFAULT "unix:///run/fleet.sock"
#define BLOCK_ATTEMPTS_UNSET (-1)

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
    bool debug, version, help;
    bool replace, no_block, no_legend, full;
    int64_t block_attempts;      /* seconds; 0: for ever; BLOCK_ATTEMPTS_UNSET */
    const char *fields;          /* NULL: the default columns */
    const char *output;          /* NULL: the command's default form; the command checks it */
    const char *state, *machine; /* NULL: any */
    uint32_t given;              /* FLAG_BIT() of what stood on the command line */
} Options;

/* Reads flags from the environment (FLEETCTL_<FLAG>, the global ones except --help and --version),
 * then from the arguments, where they may stand before, between and after the words until "--". The
 * words, NULL-terminated, are borrowed; the caller frees the array. -EINVAL for unknown flags (with
 * a suggestion), missing and bad values. */
int options_parse(const char *const *arguments, const char *const *environment, Options *ret,
                  const char ***ret_words, Error *reterr);

/* -EINVAL when a flag was given that is neither global nor in allowed. command is for the message.
 */
int options_check_allowed(const Options *options, const char *command, uint32_t allowed,
                          Error *reterr);
