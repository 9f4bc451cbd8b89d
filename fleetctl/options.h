/* The flags of fleetctl, from one table: parsing, the environment and the help text go by it. Pure.
 */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#include <errno.h>

typedef enum FlagId {
    FLAG_ENDPOINT, /* up to FLAG_HELP: of every command */
    FLAG_REQUEST_TIMEOUT,
    FLAG_CA_FILE,
    FLAG_CERT_FILE,
    FLAG_KEY_FILE,
    FLAG_DRIVER,
    FLAG_ETCD_KEY_PREFIX,
    FLAG_DEBUG,
    FLAG_VERSION,
    FLAG_HELP,
    FLAG_REPLACE, /* from here on: of some commands */
    FLAG_NO_BLOCK,
    FLAG_BLOCK_ATTEMPTS,
    FLAG_NO_LEGEND,
    FLAG_FULL,
    FLAG_FIELDS,
    _FLAG_MAX,
    _FLAG_INVALID = -EINVAL,
} FlagId;

#define FLAG_BIT(id) (UINT32_C(1) << (id))
#define FLAGS_GLOBAL (FLAG_BIT(FLAG_HELP + 1) - 1)

#define ENDPOINT_DEFAULT "unix:///run/fleet.sock"
#define BLOCK_ATTEMPTS_UNSET (-1)

/* Strings are borrowed from the arguments and the environment. */
typedef struct Options {
    const char *endpoint;
    const char *ca_file, *cert_file, *key_file; /* NULL: not given */
    const char *driver;
    const char *etcd_key_prefix;
    usec_t request_timeout_usec;
    bool debug, version, help;
    bool replace, no_block, no_legend, full;
    int64_t block_attempts; /* seconds; 0: for ever; BLOCK_ATTEMPTS_UNSET */
    const char *fields;     /* NULL: the default columns */
    uint32_t given;         /* FLAG_BIT() of what stood on the command line */
} Options;

typedef struct Flag {
    const char *name;     /* without the dashes */
    char letter;          /* 0: none */
    const char *argument; /* as help shows it; NULL: the flag is a switch */
    const char *meaning;
    int (*parse)(const char *text, void *ret, Error *reterr);
    size_t offset; /* of the value in Options */
} Flag;

const Flag *flag_get(FlagId id);

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
