/* fleetd's configuration: /etc/fleet/fleet.conf, then FLEET_<OPTION> from the environment, which
 * wins. One table of options (configuration.c) drives both, the checks and the manual page
 * fleet.conf.5.
 */
#pragma once

#include "fleetd/base/time-units.h"
#include "fleetd/model/metadata.h"

#define CONFIG_FILE "/etc/fleet/fleet.conf"

typedef struct Config {
    int verbosity;       /* 0: info; from 1 on: debug */
    char **etcd_servers; /* URLs; NULL: the embedded store */
    usec_t etcd_request_timeout_usec;
    char *etcd_cafile, *etcd_certfile, *etcd_keyfile; /* NULL: none */
    char *etcd_username, *etcd_password;
    char *etcd_key_prefix; /* begins and ends with '/' */
    char *public_ip;       /* NULL: guess */
    Metadata metadata;
    usec_t agent_ttl_usec;
    usec_t restart_grace_usec;
    unsigned token_limit; /* entries of a page of the API */
    bool disable_engine;
    char *listen;         /* the API's unix socket when systemd passes none */
    char *data_directory; /* of the embedded store */
    char
        *warnings; /* lines about options that are accepted and mean nothing any more; NULL: none */
} Config;

/* Reads path, or CONFIG_FILE if it is NULL and exists, and the environment (NULL-terminated
 * NAME=VALUE). -EINVAL and other errors name file, line and option. Outputs are untouched on
 * failure. */
int config_load(const char *path, char *const *environment, Config **ret, Error *reterr);
void config_free(Config *config);
DEFINE_POINTER_CLEANUP(Config, config_free)
