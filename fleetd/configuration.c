#include "fleetd/configuration.h"

#include "fleetd/base/strv.h"
#include "fleetd/configuration-file.h"
#include "fleetd/configuration-values.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/requirements.h"
#include "fleetd/tls-files.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define FIELD(name) offsetof(Config, name)

static const ConfigOption options[] = {
    {"verbosity", set_unsigned, FIELD(verbosity), "0", 0, 9, CONFIG_LIVE},
    {"etcd_servers", set_servers, FIELD(etcd_servers), NULL},
    {"etcd_request_timeout", set_time, FIELD(etcd_request_timeout_usec), "1s", 100 * USEC_PER_MSEC,
     USEC_PER_MINUTE},
    {"etcd_cafile", set_path, FIELD(etcd_cafile), NULL},
    {"etcd_certfile", set_path, FIELD(etcd_certfile), NULL},
    {"etcd_keyfile", set_path, FIELD(etcd_keyfile), NULL},
    {"etcd_username", set_string, FIELD(etcd_username), NULL},
    {"etcd_password", set_secret, FIELD(etcd_password), NULL, .flags = CONFIG_SECRET},
    {"etcd_key_prefix", set_prefix, FIELD(etcd_key_prefix), "/_coreos.com/fleet/"},
    {"public_ip", set_address, FIELD(public_ip), NULL, .flags = CONFIG_LIVE},
    {"metadata", set_metadata, FIELD(metadata), NULL, .flags = CONFIG_LIVE},
    {"reserve_memory", set_size, FIELD(reserve_memory_bytes), "0", .flags = CONFIG_LIVE},
    {"reserve_cpu", set_cores, FIELD(reserve_cpu_thousandths), "0", 0, RESERVE_CPU_MAX,
     CONFIG_LIVE},
    {"overbook", set_factor, FIELD(overbook_percent), "1", 100, MACHINE_OVERBOOK_MAX, CONFIG_LIVE},
    {"agent_ttl", set_time, FIELD(agent_ttl_usec), "30s", 2 * USEC_PER_SEC, 60 * USEC_PER_MINUTE},
    {"restart_grace", set_time, FIELD(restart_grace_usec), "5min", 2 * USEC_PER_SEC,
     24 * 60 * USEC_PER_MINUTE},
    {"failover_hold", set_time, FIELD(failover_hold_usec), "5min", 0, 24 * 60 * USEC_PER_MINUTE},
    {"token_limit", set_unsigned, FIELD(token_limit), "5000", 1, 100000},
    {"disable_engine", set_bool, FIELD(disable_engine), "false"},
    {"listen", set_path, FIELD(listen), "/run/fleet.sock"},
    {"data_directory", set_path, FIELD(data_directory), "/var/lib/fleet"},
    {"engine_reconcile_interval", set_obsolete, FIELD(warnings), NULL},
    {"disable_watches", set_obsolete, FIELD(warnings), NULL},
};

struct ConfigText {
    char *value; /* NULL: nobody said anything, and there is no default */
    char *place; /* NULL: the default */
};

/* --- one option --- */

static int option_index(const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        if (streq(options[i].name, name))
            return (int) i;
    return -ENOENT;
}

static int option_unknown(const char *name, Error *reterr) {
    const char *names[ELEMENTSOF(options) + 1] = {};
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        names[i] = options[i].name;
    const char *meant = str_suggest(name, names);
    if (meant)
        return error_set(reterr, -EINVAL, "unknown option '%s' (did you mean '%s'?)", name, meant);
    return error_set(reterr, -EINVAL, "unknown option '%s'", name);
}

_printf_(2, 3) static int config_warn(Config *config, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    _cleanup_free_ char *text = str_vprintf(format, ap);
    va_end(ap);
    return text ? strv_push(&config->warnings, text) : -ENOMEM;
}

static int config_set(Config *config, size_t i, const char *value, const char *place,
                      Error *reterr) {
    const ConfigOption *option = &options[i];
    ConfigText *text = &config->texts[i];
    int r = option->set(option, value, (char *) config + option->offset, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "option '%s'", option->name);
    r = str_replace(&text->value, value);
    if (r >= 0)
        r = str_replace(&text->place, place);
    if (r >= 0 && option->set == set_obsolete)
        r = config_warn(config,
                        "%s: option '%s' has no effect any more: changes are watched, never polled",
                        place, option->name);
    return r;
}

/* --- reading --- */

typedef struct ConfigReader {
    Config *config;
    char **problems;
    int r; /* of the first */
} ConfigReader;

static void reader_add(ConfigReader *reader, int r, const char *place, const char *message) {
    _cleanup_free_ char *text = str_printf("%s: %s", place, message);
    if (!text || strv_push(&reader->problems, text) < 0)
        r = -ENOMEM;
    if (reader->r >= 0)
        reader->r = r;
}

/* Files are read first: what has a place already has it from there. */
static int on_file_option(const char *place, const char *name, const char *value, void *userdata,
                          Error *reterr) {
    ConfigReader *reader = userdata;
    int i = option_index(name);
    if (i < 0)
        return option_unknown(name, reterr);
    const char *before = reader->config->texts[i].place;
    if (before)
        return error_set(reterr, -EINVAL, "option '%s' was given before, in %s", name,
                         strrchr(before, ':') + 2);
    return config_set(reader->config, (size_t) i, value, place, reterr);
}

static bool is_from_file(const Config *config, const char *name) {
    const char *place = config->texts[option_index(name)].place;
    return place && strncmp(place, "environment ", 12) != 0;
}

/* CONFIG_FILE may be missing, one that was named may not. */
static void reader_read_file(ConfigReader *reader, const char *path) {
    bool is_public = false;
    const char *file = path ? path : CONFIG_FILE;
    char **problems = NULL;
    int r = config_file_read(file, on_file_option, reader, &problems, &is_public);
    if (r == -ENOENT && !path) {
        strv_free(problems);
        return;
    }
    reader->problems = problems; /* the first there are */
    reader->r = r;
    if (r >= 0 && is_public && is_from_file(reader->config, "etcd_password"))
        reader->r = config_warn(reader->config,
                                "%s: it has a password in it and every user can read it; "
                                "chmod o-rwx keeps it from them",
                                file);
}

static void reader_read_variable(ConfigReader *reader, size_t i, char *const *environment) {
    char name[64] = "FLEET_";
    size_t n = strlen(name);
    for (const char *p = options[i].name; *p && n < sizeof(name) - 1; p++)
        name[n++] = (char) toupper((unsigned char) *p);
    STRV_FOREACH (variable, environment) {
        _cleanup_error_ Error error = {};
        char place[80];
        if (strncmp(*variable, name, n) != 0 || (*variable)[n] != '=')
            continue;
        snprintf(place, sizeof(place), "environment %s", name);
        int r = config_set(reader->config, i, *variable + n + 1, place, &error);
        if (r < 0)
            reader_add(reader, r, place, error_text(&error, r));
    }
}

/* --- what no option alone can tell --- */

static void reader_need_both(ConfigReader *reader, const char *a, const char *b) {
    const ConfigText *texts = reader->config->texts;
    const ConfigText *text_a = &texts[option_index(a)], *text_b = &texts[option_index(b)];
    bool has_a = !str_is_empty(text_a->value), has_b = !str_is_empty(text_b->value);
    if (has_a == has_b)
        return;
    _cleanup_free_ char *message =
        str_printf("option '%s' needs '%s' as well", has_a ? a : b, has_a ? b : a);
    reader_add(reader, -EINVAL, has_a ? text_a->place : text_b->place, str_or(message, a));
}

static void reader_check_file(ConfigReader *reader, const char *name, int r, const Error *error) {
    if (r >= 0)
        return;
    _cleanup_free_ char *message = str_printf("option '%s': %s", name, error_text(error, r));
    reader_add(reader, r, reader->config->texts[option_index(name)].place, str_or(message, name));
}

static void reader_check_tls(ConfigReader *reader) {
    _cleanup_error_ Error ca = {}, certificate = {}, key = {};
    _cleanup_free_ char *warning = NULL;
    Config *config = reader->config;
    int r = config->etcd_cafile ? tls_authorities_check(config->etcd_cafile, &ca) : 0;
    reader_check_file(reader, "etcd_cafile", r, &ca);
    if (!config->etcd_certfile || !config->etcd_keyfile)
        return;
    r = tls_certificate_check(config->etcd_certfile, &warning, &certificate);
    reader_check_file(reader, "etcd_certfile", r, &certificate);
    r = tls_key_check(config->etcd_keyfile, config->etcd_certfile, &key);
    reader_check_file(reader, "etcd_keyfile", r, &key);
    if (warning && config_warn(config, "option 'etcd_certfile': %s", warning) < 0)
        reader->r = -ENOMEM;
}

/* Somebody believes that the connection is protected. */
static void reader_warn_of_plain_text(ConfigReader *reader) {
    const Config *config = reader->config;
    bool has_tls = config->etcd_cafile || config->etcd_certfile;
    STRV_FOREACH (server, config->etcd_servers)
        if (has_tls && strncmp(*server, "http://", 7) == 0) {
            if (config_warn(reader->config,
                            "etcd_servers: '%s' is asked without TLS, whatever etcd_cafile and "
                            "etcd_certfile say: it is not an https:// URL",
                            *server) < 0)
                reader->r = -ENOMEM;
            return;
        }
}

static void reader_check(ConfigReader *reader) {
    reader_need_both(reader, "etcd_certfile", "etcd_keyfile");
    reader_need_both(reader, "etcd_username", "etcd_password");
    reader_check_tls(reader);
    reader_warn_of_plain_text(reader);
}

static Config *config_new(void) {
    _cleanup_(config_freep) Config *config = calloc(1, sizeof(Config));
    if (!config)
        return NULL;
    config->texts = calloc(ELEMENTSOF(options), sizeof(*config->texts));
    if (!config->texts)
        return NULL;
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        if (options[i].standard && config_set(config, i, options[i].standard, NULL, NULL) < 0)
            return NULL;
    return TAKE_PTR(config);
}

int config_load(const char *path, char *const *environment, Config **ret, char ***ret_problems) {
    _cleanup_(config_freep) Config *config = config_new();
    ConfigReader reader = {.config = config};
    if (!config)
        return -ENOMEM;
    reader_read_file(&reader, path);
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        reader_read_variable(&reader, i, environment);
    reader_check(&reader);
    if (reader.r < 0) {
        *ret_problems = reader.problems;
        return reader.r;
    }
    *ret = TAKE_PTR(config);
    return 0;
}

void config_free(Config *config) {
    if (!config)
        return;
    strv_free(config->etcd_servers);
    free(config->etcd_cafile);
    free(config->etcd_certfile);
    free(config->etcd_keyfile);
    free(config->etcd_username);
    free(config->etcd_password);
    free(config->etcd_key_prefix);
    free(config->public_ip);
    metadata_done(&config->metadata);
    free(config->listen);
    free(config->data_directory);
    strv_free(config->warnings);
    for (size_t i = 0; config->texts && i < ELEMENTSOF(options); i++) {
        free(config->texts[i].value);
        free(config->texts[i].place);
    }
    free(config->texts);
    free(config);
}

/* --- showing, and changing --- */

static char *option_describe(const Config *config, size_t i) {
    const ConfigText *text = &config->texts[i];
    bool is_hidden = (options[i].flags & CONFIG_SECRET) && !str_is_empty(text->value);
    return str_printf("%s = %s ; %s", options[i].name,
                      is_hidden ? "(hidden)" : str_or(text->value, ""),
                      str_or(text->place, "default"));
}

char *config_describe(const Config *config) {
    _cleanup_(strv_freep) char **lines = NULL;
    for (size_t i = 0; i < ELEMENTSOF(options); i++) {
        if (options[i].set == set_obsolete)
            continue;
        _cleanup_free_ char *line = option_describe(config, i);
        if (!line || strv_push(&lines, line) < 0)
            return NULL;
    }
    return strv_join(lines, "\n");
}

static bool option_differs(const Config *a, const Config *b, size_t i) {
    return options[i].set != set_obsolete &&
           !streq(str_or(a->texts[i].value, ""), str_or(b->texts[i].value, ""));
}

int config_take_live(Config *config, const Config *from, char ***ret_taken, char ***ret_kept) {
    _cleanup_(strv_freep) char **taken = NULL, **kept = NULL;
    for (size_t i = 0; i < ELEMENTSOF(options); i++) {
        if (!option_differs(config, from, i))
            continue;
        bool is_live = options[i].flags & CONFIG_LIVE;
        int r = strv_push(is_live ? &taken : &kept, options[i].name);
        if (r >= 0 && is_live)
            r = config_set(config, i, str_or(from->texts[i].value, ""), from->texts[i].place, NULL);
        if (r < 0)
            return r;
    }
    *ret_taken = TAKE_PTR(taken);
    *ret_kept = TAKE_PTR(kept);
    return 0;
}
