/* fleetd's configuration: /etc/fleet/fleet.conf, then FLEET_<OPTION> from the environment, which
 * wins. One table of options (configuration.c) drives both, the checks and the manual page
 * fleet.conf.5.
 */
#pragma once

#include "fleetd/base/time-units.h"
#include "fleetd/model/metadata.h"

#define CONFIG_FILE "/etc/fleet/fleet.conf"

typedef struct ConfigText ConfigText;

typedef struct Config {
    unsigned verbosity;  /* 0: info; from 1 on: debug */
    char **etcd_servers; /* URLs; NULL: the embedded store */
    usec_t etcd_request_timeout_usec;
    char *etcd_cafile, *etcd_certfile, *etcd_keyfile; /* NULL: none */
    char *etcd_username, *etcd_password;
    char *etcd_key_prefix; /* begins and ends with '/' */
    char *public_ip;       /* NULL: guess */
    Metadata metadata;
    uint64_t reserve_memory_bytes;    /* of this machine, for what is no unit of fleet */
    uint64_t reserve_cpu_thousandths; /* likewise, of a core */
    uint64_t overbook_percent;        /* of the rest that units may reserve */
    usec_t agent_ttl_usec;
    usec_t restart_grace_usec;
    usec_t failover_hold_usec; /* 0: machines are always given up at once */
    unsigned token_limit;      /* entries of a page of the API */
    bool disable_engine;
    char *listen;         /* the API's unix socket when systemd passes none */
    char *data_directory; /* of the embedded store */
    char **warnings;      /* of what is accepted and hardly meant so; NULL: none */
    ConfigText *texts;    /* what was said of each option, and where; configuration.c's own */
} Config;

/* Reads path, or CONFIG_FILE if it is NULL and exists, and the environment (NULL-terminated
 * NAME=VALUE). On failure *ret_problems has all that is wrong, each with file, line and option, and
 * *ret is untouched; the answer is the errno of the first. */
int config_load(const char *path, char *const *environment, Config **ret, char ***ret_problems);
void config_free(Config *config);
DEFINE_POINTER_CLEANUP(Config, config_free)

/* A line for each option, with its value and where that comes from; secrets are not shown. The
 * caller frees; NULL when out of memory. */
char *config_describe(const Config *config);

/* While fleetd runs: takes what can change without a restart from another configuration. The names
 * of what it took, and of what differs and needs a restart. On failure config may be half of each.
 */
int config_take_live(Config *config, const Config *from, char ***ret_taken, char ***ret_kept);
