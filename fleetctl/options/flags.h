/* The table of flags: parsing, the environment and the help text go by it. Pure. */
#pragma once

#include "fleetd/base/error.h"

#include <errno.h>

typedef enum FlagId {
    FLAG_ENDPOINT, /* up to FLAG_HELP: of every command */
    FLAG_REQUEST_TIMEOUT,
    FLAG_CA_FILE,
    FLAG_CERT_FILE,
    FLAG_KEY_FILE,
    FLAG_DRIVER,
    FLAG_ETCD_KEY_PREFIX,
    FLAG_TUNNEL,
    FLAG_SSH_USERNAME,
    FLAG_SSH_TIMEOUT,
    FLAG_KNOWN_HOSTS_FILE,
    FLAG_STRICT_HOST_KEY_CHECKING,
    FLAG_COLOR,
    FLAG_DEBUG,
    FLAG_VERSION,
    FLAG_HELP,
    FLAG_REPLACE, /* from here on: of some commands */
    FLAG_NO_BLOCK,
    FLAG_BLOCK_ATTEMPTS,
    FLAG_NO_LEGEND,
    FLAG_FULL,
    FLAG_FIELDS,
    FLAG_OUTPUT,
    FLAG_STATE,
    FLAG_MACHINE,
    FLAG_UNIT,
    FLAG_LINES,
    FLAG_FOLLOW,
    FLAG_SUDO,
    FLAG_SSH_PORT,
    FLAG_FORWARD_AGENT,
    FLAG_ALL,
    FLAG_FORGET,
    FLAG_DRY_RUN,
    FLAG_WAIT_HEALTHY,
    FLAG_FOR,
    FLAG_TIMEOUT,
    FLAG_MESSAGE,
    FLAG_DEADLINE,
    FLAG_IGNORE_GLOBAL,
    FLAG_DETACH,
    FLAG_KEEP_CORDONED,
    FLAG_NOW,
    FLAG_MAX_PARALLEL,
    FLAG_CANCEL,
    FLAG_PARALLEL,
    FLAG_CANARIES,
    FLAG_HEALTHY_TIME,
    FLAG_HEALTHY_DEADLINE,
    FLAG_ON_FAILURE,
    FLAG_ORDER,
    FLAG_CHECK_REVISION,
    FLAG_STOP,
    FLAG_DESTROY,
    FLAG_DRAIN,
    FLAG_MAX_MOVES,
    _FLAG_MAX,
    _FLAG_INVALID = -EINVAL,
} FlagId;

#define FLAG_BIT(id) (UINT64_C(1) << (id))
_Static_assert(_FLAG_MAX <= 64, "FLAG_BIT() has room for as many");
#define FLAGS_GLOBAL (FLAG_BIT(FLAG_HELP + 1) - 1)

typedef struct Flag {
    const char *name;     /* without the dashes */
    char letter;          /* 0: none */
    const char *argument; /* as help shows it; NULL: the flag is a switch */
    const char *meaning;
    int (*parse)(const char *text, void *ret, Error *reterr);
    size_t offset; /* of the value in Options */
} Flag;

/* id must be one of the table's. */
const Flag *flag_get(FlagId id);

/* Whether FLEETCTL_<FLAG> is read: what is the same for all of a user's commands, and not --help
 * and
 * --version, as image builders put the wanted release into FLEETCTL_VERSION. */
bool flag_is_in_environment(FlagId id);

/* By the first length characters of a name; _FLAG_INVALID when there is no such flag. */
FlagId flag_find(const char *name, size_t length);
FlagId flag_find_letter(char letter);
