#include "fleetd/open-store.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/embedded-store.h"
#include "fleetd/store/etcd-store.h"

#include <errno.h>
#include <sys/stat.h>

static int open_embedded(const Config *config, Loop *loop, Store **ret, Error *reterr) {
    const char *directory = config->data_directory;
    if (mkdir(directory, 0755) < 0 && errno != EEXIST)
        return error_set(reterr, -errno, "cannot make the data directory %s: %s", directory,
                         strerror(errno));
    _cleanup_free_ char *path = str_printf("%s/fleet.db", directory);
    if (!path)
        return -ENOMEM;
    int r = embedded_store_open(loop, path, ret, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "embedded store");
    log_info("No etcd_servers are set: this machine is a cluster of one, kept in %s", path);
    return 0;
}

int open_store(const Config *config, sd_event *event, Loop *loop, Store **ret, Error *reterr) {
    if (!config->etcd_servers)
        return open_embedded(config, loop, ret, reterr);
    EtcdOptions options = {
        .endpoints = config->etcd_servers,
        .key_prefix = config->etcd_key_prefix,
        .request_timeout_usec = config->etcd_request_timeout_usec,
        .tls = {.ca_file = config->etcd_cafile,
                .cert_file = config->etcd_certfile,
                .key_file = config->etcd_keyfile},
        .username = config->etcd_username,
        .password = config->etcd_password,
    };
    int r = etcd_store_new(event, loop, &options, ret, reterr);
    return r < 0 ? error_prefix(reterr, r, "etcd") : 0;
}
