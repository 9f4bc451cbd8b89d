#include "fleetd/configuration-values.h"

#include "fleetd/base/byte-size.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"
#include "fleetd/store/etcd-endpoints.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <strings.h>

static bool has_control_characters(const char *value) {
    while (*value && !iscntrl((unsigned char) *value))
        value++;
    return *value != '\0';
}

/* The value is not quoted: it may be a secret. */
int set_secret(_unused_ const ConfigOption *option, const char *value, void *field, Error *reterr) {
    if (has_control_characters(value))
        return error_set(reterr, -EINVAL, "the value has control characters");
    return str_replace(field, *value ? value : NULL);
}

int set_string(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    return set_secret(option, value, field, reterr);
}

int set_path(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    if (*value && *value != '/')
        return error_set(reterr, -EINVAL, "'%s' is not an absolute path", value);
    if (!*value && option->standard)
        return error_set(reterr, -EINVAL, "a path is missing");
    return set_string(option, value, field, reterr);
}

int set_bool(_unused_ const ConfigOption *option, const char *value, void *field, Error *reterr) {
    static const struct {
        const char *word;
        bool is_yes;
    } words[] = {
        {"true", true}, {"false", false}, {"yes", true}, {"no", false}, {"on", true},
        {"off", false}, {"1", true},      {"0", false},  {"t", true},   {"f", false},
    };
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (strcasecmp(words[i].word, value) == 0) {
            *(bool *) field = words[i].is_yes;
            return 0;
        }
    return error_set(reterr, -EINVAL, "'%s' is neither true nor false", value);
}

int set_unsigned(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (!isdigit((unsigned char) *value) || *end || errno != 0 || number < option->min ||
        number > option->max)
        return error_set(reterr, -EINVAL, "'%s' is not a whole number from %llu to %llu", value,
                         (unsigned long long) option->min, (unsigned long long) option->max);
    *(unsigned *) field = (unsigned) number;
    return 0;
}

int set_size(_unused_ const ConfigOption *option, const char *value, void *field, Error *reterr) {
    int r = byte_size_parse(value, field, reterr);
    return r == -ERANGE ? -EINVAL : r;
}

/* One that is kept in parts of 10 to the power of digits. */
static int set_decimal(const ConfigOption *option, unsigned digits, const char *value, void *field,
                       Error *reterr) {
    const char *end;
    uint64_t number;
    int r = decimal_parse(value, digits, &number, &end);
    if (r >= 0 && !*end && number >= option->min && number <= option->max) {
        *(uint64_t *) field = number;
        return 0;
    }
    uint64_t unit = digits == 3 ? 1000 : 100;
    return error_set(reterr, -EINVAL, "'%s' is not a number from %llu to %llu (like 1.5)", value,
                     (unsigned long long) (option->min / unit),
                     (unsigned long long) (option->max / unit));
}

int set_cores(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    return set_decimal(option, 3, value, field, reterr);
}

int set_factor(const ConfigOption *option, const char *value, void *field, Error *reterr) {
    return set_decimal(option, 2, value, field, reterr);
}

int set_time(const ConfigOption *option, const char *value, void *field, Error *reterr) {
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

/* Users and programs go there: a name would mean another machine elsewhere. */
int set_address(_unused_ const ConfigOption *option, const char *value, void *field,
                Error *reterr) {
    struct in6_addr v6;
    struct in_addr v4;
    bool is_v4 = inet_pton(AF_INET, value, &v4) == 1, is_v6 = inet_pton(AF_INET6, value, &v6) == 1;
    if (*value && !is_v4 && !is_v6)
        return error_set(reterr, -EINVAL, "'%s' is not an IP address", value);
    if ((is_v4 && v4.s_addr == INADDR_ANY) || (is_v6 && IN6_IS_ADDR_UNSPECIFIED(&v6)))
        return error_set(reterr, -EINVAL, "'%s' is not the address of a machine", value);
    return str_replace(field, *value ? value : NULL);
}

int set_metadata(_unused_ const ConfigOption *option, const char *value, void *field,
                 Error *reterr) {
    Metadata metadata = {};
    int r = metadata_parse(value, &metadata, reterr);
    if (r < 0)
        return r;
    metadata_done(field);
    *(Metadata *) field = metadata;
    return 0;
}

int set_prefix(_unused_ const ConfigOption *option, const char *value, void *field, Error *reterr) {
    if (*value != '/')
        return error_set(reterr, -EINVAL, "'%s' does not begin with '/'", value);
    if (has_control_characters(value))
        return error_set(reterr, -EINVAL, "the value has control characters");
    _cleanup_free_ char *prefix =
        str_printf("%s%s", value, value[strlen(value) - 1] == '/' ? "" : "/");
    return prefix ? str_replace(field, prefix) : -ENOMEM;
}

/* Also with single quotes, as TOML has them; no URL has any. */
static int servers_from_json(const char *value, char ***ret, Error *reterr) {
    _cleanup_free_ char *text = strdup(value);
    _cleanup_json_ json_object *list = NULL;
    if (!text)
        return -ENOMEM;
    for (char *p = text; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    if (json_parse(text, strlen(text), &list, NULL) < 0)
        return error_set(reterr, -EINVAL,
                         "the list is not of the form [\"http://HOST:PORT\", ...]");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *item = json_object_array_get_idx(list, i);
        if (!json_object_is_type(item, json_type_string))
            return error_set(reterr, -EINVAL, "item %zu of the list is not a string", i + 1);
        int r = strv_push(ret, json_object_get_string(item));
        if (r < 0)
            return r;
    }
    return 0;
}

/* A JSON list, as CoreOS fleet wrote it, or separated by commas. A value without any is one that is
 * not set, like that of every option. */
int set_servers(_unused_ const ConfigOption *option, const char *value, void *field,
                Error *reterr) {
    _cleanup_(strv_freep) char **servers = NULL;
    int r = *value == '[' ? servers_from_json(value, &servers, reterr)
                          : strv_split(value, "\"', \t", &servers);
    if (r < 0)
        return r;
    STRV_FOREACH (server, servers) {
        r = etcd_url_check(*server, reterr);
        if (r < 0)
            return r;
    }
    strv_free(*(char ***) field);
    *(char ***) field = strv_length(servers) > 0 ? TAKE_PTR(servers) : NULL;
    return 0;
}

int set_obsolete(_unused_ const ConfigOption *option, _unused_ const char *value,
                 _unused_ void *field, _unused_ Error *reterr) {
    return 0;
}
