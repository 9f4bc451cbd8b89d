/* fleet.conf, and the environment: the file up to a line "--", then a variable to a line. Whatever
 * is refused is told, with its place; secrets are never shown. */
#include "fleetd/base/strv.h"
#include "fleetd/configuration.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char **environment_take(FuzzInput *input) {
    char **environment = NULL;
    while (input->size > 0) {
        _cleanup_free_ char *variable = fuzz_take_line(input);
        HOLDS(strv_push(&environment, variable) == 0);
    }
    return environment;
}

/* In memory; the caller closes. */
static int file_make(const FuzzInput *input, char path[static 32]) {
    int fd = memfd_create("fleet.conf", MFD_CLOEXEC);
    HOLDS(fd >= 0 && fchmod(fd, 0600) == 0);
    HOLDS(write(fd, input->data, input->size) == (ssize_t) input->size);
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static void secrets_check(const Config *config) {
    _cleanup_free_ char *text = config_describe(config);
    char *line = strstr(text, "\netcd_password = ");
    HOLDS(line);
    HOLDS(strncmp(line + 17, config->etcd_password ? "(hidden) ;" : " ;",
                  config->etcd_password ? 10 : 2) == 0);
}

static void limits_check(const Config *config) {
    HOLDS(config->agent_ttl_usec >= 2 * USEC_PER_SEC);
    HOLDS(config->agent_ttl_usec <= 60 * USEC_PER_MINUTE);
    HOLDS(config->etcd_request_timeout_usec >= 100 * USEC_PER_MSEC);
    HOLDS(config->token_limit >= 1 && config->token_limit <= 100000 && config->verbosity <= 9);
    size_t n = strlen(config->etcd_key_prefix);
    HOLDS(config->etcd_key_prefix[0] == '/' && config->etcd_key_prefix[n - 1] == '/');
    HOLDS(*config->listen == '/' && *config->data_directory == '/');
    HOLDS(!config->etcd_certfile == !config->etcd_keyfile);
    HOLDS(!config->etcd_username == !config->etcd_password);
    HOLDS(!config->etcd_servers || *config->etcd_servers);
    for (size_t i = 0; i < config->metadata.n_pairs; i++)
        HOLDS(metadata_check_pair(config->metadata.pairs[i].key, config->metadata.pairs[i].value,
                                  NULL) == 0);
}

/* A reload that changes nothing takes nothing; one from the defaults takes what may change. */
static void reload_check(const char *path, char **environment, Config *config) {
    _cleanup_(config_freep) Config *again = NULL;
    _cleanup_(strv_freep) char **problems = NULL, **taken = NULL, **kept = NULL;
    HOLDS(config_load(path, environment, &again, &problems) == 0);
    HOLDS(config_take_live(config, again, &taken, &kept) == 0);
    HOLDS(!taken && !kept);
}

static void defaults_check(const Config *config) {
    _cleanup_(config_freep) Config *plain = NULL;
    _cleanup_(strv_freep) char **problems = NULL, **taken = NULL, **kept = NULL;
    HOLDS(config_load("/dev/null", (char *[]){NULL}, &plain, &problems) == 0);
    HOLDS(config_take_live(plain, config, &taken, &kept) == 0);
    HOLDS(plain->verbosity == config->verbosity);
    HOLDS(streq_ptr(plain->public_ip, config->public_ip));
    HOLDS(metadata_equal(&plain->metadata, &config->metadata));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput environment_input = fuzz_input(data, size), file = fuzz_take_part(&environment_input);
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    char path[32];
    _cleanup_(strv_freep) char **environment = environment_take(&environment_input);
    int fd = file_make(&file, path);
    int r = config_load(path, environment, &config, &problems);
    HOLDS((r < 0) == !config && (r < 0) == (strv_length(problems) > 0));
    STRV_FOREACH (problem, problems)
        HOLDS(**problem && !strchr(*problem, '\n'));
    if (r >= 0) {
        secrets_check(config);
        limits_check(config);
        defaults_check(config);
        reload_check(path, environment, config);
    }
    close(fd);
    return 0;
}
