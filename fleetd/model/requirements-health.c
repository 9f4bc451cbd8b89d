/* HealthCheck= and what belongs to it. What asks a unit for its health does so beside it, on its
 * machine, so that no host is given as a rule. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

#define INTERVAL_USEC (10 * USEC_PER_SEC)
#define INTERVAL_MIN_USEC USEC_PER_SEC /* what is asked more often has little time for its work */
#define TIMEOUT_USEC (3 * USEC_PER_SEC)
#define START_PERIOD_USEC (30 * USEC_PER_SEC)
#define RETRIES 3
#define RETRIES_MAX 100
#define TIME_MAX_USEC (24 * 60 * USEC_PER_MINUTE)

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
#define HOST_DEFAULT "127.0.0.1"

/* Made when its first option is read. */
static int health_ensure(RequirementsReader *reader, HealthCheck **ret) {
    Requirements *requirements = reader->requirements;
    if (!requirements->health) {
        requirements->health = calloc(1, sizeof(HealthCheck));
        if (!requirements->health)
            return -ENOMEM;
        *requirements->health = (HealthCheck){
            .kind = _HEALTH_CHECK_KIND_INVALID,
            .interval_usec = INTERVAL_USEC,
            .start_period_usec = START_PERIOD_USEC,
            .retries = RETRIES,
        };
    }
    *ret = requirements->health;
    return 0;
}

/* --- where to ask --- */

typedef struct Target {
    char *host; /* without brackets */
    unsigned port;
    const char *rest; /* of the text, behind the port */
} Target;

static void target_done(Target *target) {
    free(target->host);
}
#define _cleanup_target_ _cleanup_(target_done)

static int port_read(RequirementsReader *reader, const char **text, unsigned *ret) {
    const char *digits = **text == ':' ? *text + 1 : "";
    size_t n = strspn(digits, "0123456789");
    unsigned long port = n > 0 && n <= 5 ? strtoul(digits, NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX)
        return error_set(reader->reterr, -EINVAL, "it names no port (like ':8080')");
    *text = digits + n;
    *ret = (unsigned) port;
    return 0;
}

static bool host_is_bracketed(const char *host) {
    struct in6_addr address;
    return inet_pton(AF_INET6, host, &address) == 1;
}

/* "HOST:PORT", ":PORT" or "[ADDRESS]:PORT", and whatever stands behind it. */
static int target_read(RequirementsReader *reader, const char *text, Target *ret) {
    _cleanup_target_ Target target = {};
    bool is_bracketed = *text == '[';
    text += is_bracketed;
    size_t n = is_bracketed ? strcspn(text, "]") : strspn(text, HOST_CHARACTERS);
    target.host = n > 0 ? strndup(text, n) : strdup(HOST_DEFAULT);
    if (!target.host)
        return -ENOMEM;
    if (is_bracketed && (text[n] != ']' || !host_is_bracketed(target.host)))
        return error_set(reader->reterr, -EINVAL, "what stands in brackets is no IPv6 address");
    target.rest = text + n + is_bracketed;
    int r = port_read(reader, &target.rest, &target.port);
    if (r < 0)
        return r;
    *ret = target;
    target.host = NULL;
    return 0;
}

static bool is_url_text(const char *text) {
    for (; *text; text++)
        if (!isgraph((unsigned char) *text) || *text == '#')
            return false;
    return true;
}

static int url_make(RequirementsReader *reader, HealthCheck *check, const char *scheme,
                    const char *text) {
    _cleanup_target_ Target target = {};
    int r = target_read(reader, text, &target);
    if (r < 0)
        return r;
    if ((*target.rest && *target.rest != '/') || !is_url_text(target.rest))
        return error_set(reader->reterr, -EINVAL, "behind its port stands no path of a URL");
    bool is_bracketed = host_is_bracketed(target.host);
    check->url = str_printf("%s%s%s%s:%u%s", scheme, is_bracketed ? "[" : "", target.host,
                            is_bracketed ? "]" : "", target.port, *target.rest ? target.rest : "/");
    return check->url ? 0 : -ENOMEM;
}

static int http_read(RequirementsReader *reader, HealthCheck *check, const char *text) {
    return url_make(reader, check, "http://", text);
}

static int https_read(RequirementsReader *reader, HealthCheck *check, const char *text) {
    return url_make(reader, check, "https://", text);
}

/* No name, but for the one that needs nobody to be asked. */
static int tcp_read(RequirementsReader *reader, HealthCheck *check, const char *text) {
    _cleanup_target_ Target target = {};
    struct in_addr address;
    int r = target_read(reader, text, &target);
    if (r < 0)
        return r;
    if (*target.rest)
        return error_set(reader->reterr, -EINVAL, "behind its port stands more");
    if (streq(target.host, "localhost") && (r = str_replace(&target.host, HOST_DEFAULT)) < 0)
        return r;
    if (!host_is_bracketed(target.host) && inet_pton(AF_INET, target.host, &address) != 1)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is no address", TEXT_SHORT(target.host));
    check->host = TAKE_PTR(target.host);
    check->port = target.port;
    return 0;
}

static int exec_read(RequirementsReader *reader, HealthCheck *check, const char *text) {
    for (;;) {
        _cleanup_free_ char *piece = NULL, *word = NULL;
        int r = requirements_take_piece(reader, &text, &piece);
        if (r > 0)
            r = unit_name_expand(reader->unit_name, piece, &word, reader->reterr);
        else if (r == 0)
            break;
        if (r >= 0 && strv_length(check->command) == REQUIREMENT_VALUES_MAX)
            r = error_set(reader->reterr, -EINVAL, "more than %d words", REQUIREMENT_VALUES_MAX);
        if (r >= 0)
            r = strv_push(&check->command, word);
        if (r < 0)
            return r;
    }
    if (!check->command || *check->command[0] != '/')
        return error_set(reader->reterr, -EINVAL, "it names no program by an absolute path");
    return 0;
}

static const struct {
    const char *prefix;
    HealthCheckKind kind;
    bool has_words; /* whose specifiers are expanded one by one */
    int (*read)(RequirementsReader *reader, HealthCheck *check, const char *text);
} schemes[] = {
    {"http://", HEALTH_CHECK_HTTP, false, http_read},
    {"https://", HEALTH_CHECK_HTTP, false, https_read},
    {"tcp://", HEALTH_CHECK_TCP, false, tcp_read},
    {"exec:", HEALTH_CHECK_EXEC, true, exec_read},
};

/* The last one counts. */
static void health_forget_target(HealthCheck *check) {
    check->kind = _HEALTH_CHECK_KIND_INVALID;
    free(TAKE_PTR(check->url));
    free(TAKE_PTR(check->host));
    check->port = 0;
    strv_free(TAKE_PTR(check->command));
}

static int scheme_read(RequirementsReader *reader, HealthCheck *check, size_t i,
                       const char *value) {
    _cleanup_free_ char *expanded = NULL;
    int r = unit_name_expand(reader->unit_name, value, &expanded, reader->reterr);
    if (r < 0 || (reader->is_template && strchr(value, '%')))
        return r;
    const char *text = schemes[i].has_words ? value : expanded;
    r = schemes[i].read(reader, check, text + strlen(schemes[i].prefix));
    if (r >= 0)
        check->kind = schemes[i].kind;
    return r;
}

int requirements_read_health_check(RequirementsReader *reader, const char *value) {
    HealthCheck *check;
    int r = health_ensure(reader, &check);
    if (r < 0)
        return r;
    health_forget_target(check);
    for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
        if (strncmp(value, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return scheme_read(reader, check, i, value);
    return error_set(
        reader->reterr, -EINVAL,
        "'%.*s' begins with none of http://, https://, tcp:// and exec:", TEXT_SHORT(value));
}

/* --- when, and how often --- */

static int time_read(RequirementsReader *reader, const char *value, usec_t min_usec, usec_t *ret) {
    usec_t usec;
    int r = timespan_parse(value, &usec, reader->reterr);
    if (r < 0)
        return r == -ERANGE ? -EINVAL : r;
    if (usec < min_usec)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is too short", TEXT_SHORT(value));
    if (usec > TIME_MAX_USEC)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is more than a day", TEXT_SHORT(value));
    *ret = usec;
    return 0;
}

int requirements_read_health_interval(RequirementsReader *reader, const char *value) {
    HealthCheck *check;
    int r = health_ensure(reader, &check);
    return r < 0 ? r : time_read(reader, value, INTERVAL_MIN_USEC, &check->interval_usec);
}

int requirements_read_health_timeout(RequirementsReader *reader, const char *value) {
    HealthCheck *check;
    int r = health_ensure(reader, &check);
    return r < 0 ? r : time_read(reader, value, USEC_PER_MSEC, &check->timeout_usec);
}

int requirements_read_health_start_period(RequirementsReader *reader, const char *value) {
    HealthCheck *check;
    int r = health_ensure(reader, &check);
    return r < 0 ? r : time_read(reader, value, 0, &check->start_period_usec);
}

int requirements_read_health_retries(RequirementsReader *reader, const char *value) {
    HealthCheck *check;
    int r = health_ensure(reader, &check);
    if (r < 0)
        return r;
    size_t n = strspn(value, "0123456789");
    unsigned long retries = n > 0 && n <= 3 && !value[n] ? strtoul(value, NULL, 10) : 0;
    if (retries == 0 || retries > RETRIES_MAX)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is no number from 1 to %d",
                         TEXT_SHORT(value), RETRIES_MAX);
    check->retries = retries;
    return 0;
}

/* --- what must go together --- */

static int health_refuse_alone(const RequirementsReader *reader) {
    for (OptionId id = OPTION_HEALTH_INTERVAL; id <= OPTION_HEALTH_START_PERIOD; id++)
        if (reader->options[id])
            return requirements_refuse(reader->reterr, reader->options[id],
                                       "%s says nothing without HealthCheck",
                                       reader->options[id]->name);
    return 0;
}

/* One that is not over when the next is due would never tell. */
static int health_settle_timeout(const RequirementsReader *reader, HealthCheck *check) {
    const UnitOption *option = reader->options[OPTION_HEALTH_TIMEOUT];
    if (!option)
        check->timeout_usec = MIN(TIMEOUT_USEC, check->interval_usec / 2);
    if (check->timeout_usec < check->interval_usec)
        return 0;
    _cleanup_free_ char *interval = timespan_format(check->interval_usec);
    return requirements_refuse(reader->reterr, option, "%s is not less than HealthInterval, %s",
                               option->name, str_or(interval, "?"));
}

int requirements_settle_health(RequirementsReader *reader, const UnitFile *file) {
    HealthCheck *check = reader->requirements->health;
    const UnitOption *option = reader->options[OPTION_HEALTH_CHECK];
    if (!option)
        return health_refuse_alone(reader);
    if (!streq(unit_name_type(reader->unit_name), "service"))
        return requirements_refuse(reader->reterr, option, "%s is for services only", option->name);
    check->may_restart = !streq(requirements_restart_of(file), "no");
    return health_settle_timeout(reader, check);
}
