#include "fleetd/configuration.h"

#include "fleetd/base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <unistd.h>

typedef struct ConfigOption ConfigOption;
typedef int (*ConfigSetter)(const ConfigOption *option, const char *value, void *field,
                            Error *reterr);

struct ConfigOption {
    const char *name;
    ConfigSetter set;
    size_t offset;
    const char *standard; /* the value when nobody says otherwise; NULL: none */
    uint64_t min, max;    /* of numbers; of times in microseconds */
};

/* --- setters: one a type --- */

static int set_string(_unused_ const ConfigOption *option, const char *value, void *field,
                      _unused_ Error *reterr) {
    return str_replace(field, *value ? value : NULL);
}

static int set_bool(_unused_ const ConfigOption *option, const char *value, void *field,
                    Error *reterr) {
    static const char *const yes[] = {"true", "yes", "on", "1", NULL}, *const no[] = {"false", "no",
                                                                                      "off", "0",
                                                                                      NULL};
    bool is_yes = strv_contains((char *const *) yes, value);
    if (!is_yes && !strv_contains((char *const *) no, value))
        return error_set(reterr, -EINVAL, "'%s' is neither true nor false", value);
    *(bool *) field = is_yes;
    return 0;
}

static int number_parse(const ConfigOption *option, const char *value, unsigned *ret,
                        Error *reterr) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (!isdigit((unsigned char) *value) || *end || errno != 0 || number < option->min ||
        number > option->max)
        return error_set(reterr, -EINVAL, "'%s' is not a whole number from %llu to %llu", value,
                         (unsigned long long) option->min, (unsigned long long) option->max);
    *ret = (unsigned) number;
    return 0;
}

static int set_unsigned(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    return number_parse(option, value, field, reterr);
}

static int set_verbosity(const ConfigOption *option, const char *value, void *field,
                         Error *reterr) {
    unsigned number;
    int r = number_parse(option, value, &number, reterr);
    if (r >= 0)
        *(int *) field = (int) number;
    return r;
}

static int set_time(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    usec_t usec;
    int r = timespan_parse(value, &usec, reterr);
    if (r < 0)
        return r;
    if (usec < option->min || usec > option->max) {
        _cleanup_free_ char *min = timespan_format(option->min),
                            *max = timespan_format(option->max);
        return error_set(reterr, -EINVAL, "'%s' is not from %s to %s", value, str_or(min, "?"),
                         str_or(max, "?"));
    }
    *(usec_t *) field = usec;
    return 0;
}

static int set_metadata(_unused_ const ConfigOption *option, const char *value, void *field,
                        Error *reterr) {
    Metadata metadata = {};
    int r = metadata_parse(value, &metadata, reterr);
    for (size_t i = 0; r >= 0 && i < metadata.n_pairs; i++)
        r = metadata_check_pair(metadata.pairs[i].key, metadata.pairs[i].value, reterr);
    if (r < 0) {
        metadata_done(&metadata);
        return r;
    }
    metadata_done(field);
    *(Metadata *) field = metadata;
    return 0;
}

static int set_prefix(_unused_ const ConfigOption *option, const char *value, void *field,
                      Error *reterr) {
    if (*value != '/')
        return error_set(reterr, -EINVAL, "'%s' does not begin with '/'", value);
    _cleanup_free_ char *prefix =
        str_printf("%s%s", value, value[strlen(value) - 1] == '/' ? "" : "/");
    return prefix ? str_replace(field, prefix) : -ENOMEM;
}

static int server_check(const char *server, Error *reterr) {
    const char *host = strstr(server, "://");
    bool is_http = strncmp(server, "http://", 7) == 0 || strncmp(server, "https://", 8) == 0;
    if (is_http && host && host[3] && !strpbrk(host + 3, "/ \t"))
        return 0;
    return error_set(reterr, -EINVAL,
                     "'%s' is not of the form http://HOST:PORT or https://HOST:PORT", server);
}

/* A JSON list, as CoreOS fleet wrote it, or separated by commas. */
static int set_servers(_unused_ const ConfigOption *option, const char *value, void *field,
                       Error *reterr) {
    _cleanup_(strv_freep) char **servers = NULL;
    int r = strv_split(value, "[]\"', \t", &servers);
    if (r < 0)
        return r;
    STRV_FOREACH (server, servers) {
        size_t n = strlen(*server);
        if ((*server)[n - 1] == '/')
            (*server)[n - 1] = 0;
        r = server_check(*server, reterr);
        if (r < 0)
            return r;
    }
    strv_free(*(char ***) field);
    *(char ***) field = strv_length(servers) > 0 ? TAKE_PTR(servers) : NULL;
    return 0;
}

/* Accepted from old configuration files; nothing is left for them to do. */
static int set_obsolete(const ConfigOption *option, _unused_ const char *value, void *field,
                        _unused_ Error *reterr) {
    char **warnings = field;
    char *longer =
        str_printf("%sThe option '%s' has no effect any more: changes are watched, never polled\n",
                   str_or(*warnings, ""), option->name);
    if (!longer)
        return -ENOMEM;
    free(*warnings);
    *warnings = longer;
    return 0;
}

#define FIELD(name) offsetof(Config, name)

static const ConfigOption options[] = {
    {"verbosity", set_verbosity, FIELD(verbosity), "0", 0, 9},
    {"etcd_servers", set_servers, FIELD(etcd_servers), NULL},
    {"etcd_request_timeout", set_time, FIELD(etcd_request_timeout_usec), "1s", 100 * USEC_PER_MSEC,
     USEC_PER_MINUTE},
    {"etcd_cafile", set_string, FIELD(etcd_cafile), NULL},
    {"etcd_certfile", set_string, FIELD(etcd_certfile), NULL},
    {"etcd_keyfile", set_string, FIELD(etcd_keyfile), NULL},
    {"etcd_username", set_string, FIELD(etcd_username), NULL},
    {"etcd_password", set_string, FIELD(etcd_password), NULL},
    {"etcd_key_prefix", set_prefix, FIELD(etcd_key_prefix), "/_coreos.com/fleet/"},
    {"public_ip", set_string, FIELD(public_ip), NULL},
    {"metadata", set_metadata, FIELD(metadata), NULL},
    {"agent_ttl", set_time, FIELD(agent_ttl_usec), "30s", 2 * USEC_PER_SEC, 60 * USEC_PER_MINUTE},
    {"restart_grace", set_time, FIELD(restart_grace_usec), "5min", 2 * USEC_PER_SEC,
     24 * 60 * USEC_PER_MINUTE},
    {"token_limit", set_unsigned, FIELD(token_limit), "100", 1, 100000},
    {"disable_engine", set_bool, FIELD(disable_engine), "false"},
    {"listen", set_string, FIELD(listen), "/run/fleet.sock"},
    {"data_directory", set_string, FIELD(data_directory), "/var/lib/fleet"},
    {"engine_reconcile_interval", set_obsolete, FIELD(warnings), NULL},
    {"disable_watches", set_obsolete, FIELD(warnings), NULL},
};

/* --- reading --- */

static int option_set(const ConfigOption *option, const char *value, Config *config,
                      Error *reterr) {
    int r = option->set(option, value, (char *) config + option->offset, reterr);
    return r < 0 ? error_prefix(reterr, r, "option '%s'", option->name) : 0;
}

static const ConfigOption *option_find(const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        if (streq(options[i].name, name))
            return &options[i];
    return NULL;
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

/* "a" and 'a' are a; anything else is itself. */
static char *value_unquote(const char *value) {
    size_t n = strlen(value);
    bool is_quoted = n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0] &&
                     !memchr(value + 1, value[0], n - 2);
    return is_quoted ? strndup(value + 1, n - 2) : strdup(value);
}

typedef struct ConfigReader {
    Config *config;
    bool is_set[ELEMENTSOF(options)];
    Error error; /* of the first line that is wrong */
} ConfigReader;

/* inih hands an indented line over as one more value of the option before it, so a second value is
 * not what anybody meant, one way or the other. */
static int option_set_once(ConfigReader *reader, const ConfigOption *option, const char *value) {
    bool *is_set = &reader->is_set[option - options];
    if (*is_set)
        return error_set(&reader->error, -EINVAL,
                         "option '%s' is given twice, or the line is indented and so continues it",
                         option->name);
    *is_set = true;
    return option_set(option, value, reader->config, &reader->error);
}

/* For inih: 1 is good, 0 makes ini_parse() answer the number of the first such line. */
static int on_line(void *userdata, const char *section, const char *name, const char *value) {
    ConfigReader *reader = userdata;
    const ConfigOption *option = option_find(name);
    _cleanup_free_ char *unquoted = value_unquote(value);
    int r;
    if (*section)
        r = error_set(&reader->error, -EINVAL, "section [%s]: options stand before any section",
                      section);
    else if (!option)
        r = option_unknown(name, &reader->error);
    else
        r = unquoted ? option_set_once(reader, option, unquoted) : -ENOMEM;
    return r >= 0;
}

static int config_read_file(Config *config, const char *path, Error *reterr) {
    ConfigReader reader = {.config = config};
    int line = ini_parse(path, on_line, &reader), r = 0;
    if (line == -1)
        r = error_set(reterr, -errno, "%s: %s", path, strerror(errno));
    else if (line < 0)
        r = -ENOMEM;
    else if (line > 0)
        r = error_set(reterr, -EINVAL, "%s: line %d: %s", path, line,
                      reader.error.message
                          ? reader.error.message
                          : "not of the form NAME=VALUE, or longer than 199 characters");
    error_done(&reader.error);
    return r;
}

static int config_read_environment(Config *config, char *const *environment, Error *reterr) {
    for (size_t i = 0; i < ELEMENTSOF(options); i++) {
        char name[64] = "FLEET_";
        size_t n = strlen(name);
        for (const char *p = options[i].name; *p && n < sizeof(name) - 2; p++)
            name[n++] = (char) toupper((unsigned char) *p);
        name[n++] = '=';
        STRV_FOREACH (variable, environment) {
            if (strncmp(*variable, name, n) != 0)
                continue;
            int r = option_set(&options[i], *variable + n, config, reterr);
            if (r < 0)
                return error_prefix(reterr, r, "environment %.*s", (int) n - 1, name);
        }
    }
    return 0;
}

static int config_check(const Config *config, Error *reterr) {
    if (!config->etcd_certfile != !config->etcd_keyfile)
        return error_set(reterr, -EINVAL,
                         "'etcd_certfile' and 'etcd_keyfile' must be given together");
    if (!config->etcd_username != !config->etcd_password)
        return error_set(reterr, -EINVAL,
                         "'etcd_username' and 'etcd_password' must be given together");
    if (config->etcd_username) /* rather than to go on unauthenticated */
        return error_set(reterr, -ENOTSUP,
                         "'etcd_username' is not supported yet: use client certificates "
                         "('etcd_certfile' and 'etcd_keyfile')");
    return 0;
}

int config_load(const char *path, char *const *environment, Config **ret, Error *reterr) {
    _cleanup_(config_freep) Config *config = calloc(1, sizeof(Config));
    if (!config)
        return -ENOMEM;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(options); i++)
        if (options[i].standard)
            r = option_set(&options[i], options[i].standard, config, reterr);
    if (r >= 0 && (path || access(CONFIG_FILE, F_OK) == 0))
        r = config_read_file(config, path ? path : CONFIG_FILE, reterr);
    if (r >= 0)
        r = config_read_environment(config, environment, reterr);
    if (r >= 0)
        r = config_check(config, reterr);
    if (r < 0)
        return r;
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
    free(config->warnings);
    free(config);
}
