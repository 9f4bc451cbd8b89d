/* StopAfterDisconnect=, and what the file says of how the unit is stopped: a promise that it is
 * down at a certain time holds only if systemd takes it down by then, and all of it. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"

#include <errno.h>
#include <strings.h>

/* systemd's own default. A machine may have another one (DefaultTimeoutStopSec=), but the guard
 * does not wait longer than this there either. */
#define STOP_TIMEOUT_DEFAULT_USEC (90 * USEC_PER_SEC)
#define TIME_MAX_USEC (365 * 24 * 60 * USEC_PER_MINUTE)

int requirements_read_stop_after(RequirementsReader *reader, const char *value) {
    usec_t usec;
    int r = timespan_parse(value, &usec, reader->reterr);
    if (r == -ERANGE)
        return -EINVAL;
    if (r < 0)
        return r;
    if (usec == 0)
        return error_set(reader->reterr, -EINVAL, "must be more than 0");
    if (usec > TIME_MAX_USEC)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is more than a year", TEXT_SHORT(value));
    reader->requirements->stop_after_usec = usec;
    return 0;
}

static int stopping_refuse(const RequirementsReader *reader, const UnitOption *option,
                           const char *why) {
    return requirements_refuse(reader->reterr, option,
                               "%s=%.*s %s, which StopAfterDisconnect rules out", option->name,
                               TEXT_SHORT(option->value), why);
}

/* As systemd has it, 0 stands for no limit. */
static int timeout_read(const RequirementsReader *reader, const UnitOption *option) {
    usec_t usec = 0;
    if (!*option->value)
        return 0;
    if (streq(option->value, "infinity"))
        return stopping_refuse(reader, option, "sets no limit to its stop");
    if (timespan_parse(option->value, &usec, NULL) < 0 || usec > TIME_MAX_USEC)
        return stopping_refuse(reader, option, "is no time that its stop surely ends in");
    if (usec == 0)
        return stopping_refuse(reader, option, "sets no limit to its stop");
    reader->requirements->stop_timeout_usec = usec;
    return 0;
}

/* What would leave something running, or keep it from being stopped. */
static const struct {
    const char *section; /* NULL: the one of the unit's type */
    const char *name, *values[8], *why;
} obstacles[] = {
    {NULL, "KillMode", {"none", "process"}, "leaves processes behind"},
    {NULL, "SendSIGKILL", {"no", "false", "off", "0", "n", "f"}, "leaves processes behind"},
    {"Unit",
     "RefuseManualStop",
     {"yes", "true", "on", "1", "y", "t"},
     "keeps it from being stopped"},
};

static bool is_among(const char *value, const char *const *values) {
    for (; *values; values++)
        if (strcasecmp(value, *values) == 0)
            return true;
    return false;
}

static int option_check(const RequirementsReader *reader, const UnitOption *option,
                        const char *section) {
    for (size_t i = 0; i < ELEMENTSOF(obstacles); i++)
        if (streq_ptr(option->section, str_or(obstacles[i].section, section)) &&
            streq(option->name, obstacles[i].name) && is_among(option->value, obstacles[i].values))
            return stopping_refuse(reader, option, obstacles[i].why);
    bool is_timeout = streq(option->name, "TimeoutSec") ||
                      (streq(option->name, "TimeoutStopSec") && streq_ptr(section, "Service"));
    return is_timeout && streq_ptr(option->section, section) ? timeout_read(reader, option) : 0;
}

int requirements_read_stopping(RequirementsReader *reader, const UnitFile *file) {
    if (reader->requirements->stop_after_usec == 0)
        return 0;
    reader->requirements->stop_timeout_usec = STOP_TIMEOUT_DEFAULT_USEC;
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    const char *section = requirements_section_of(reader->unit_name);
    for (size_t i = 0; i < n; i++) {
        int r = option_check(reader, &options[i], section);
        if (r < 0)
            return r;
    }
    return 0;
}

usec_t requirements_stop_within(const Requirements *requirements, usec_t agent_ttl_usec) {
    if (requirements->stop_after_usec == 0)
        return 0;
    return MAX(requirements->stop_after_usec, agent_ttl_usec) + requirements->stop_timeout_usec;
}
