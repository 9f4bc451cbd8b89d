#include "fleetd/base/time-units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct TimeUnit {
    const char *suffix;
    usec_t usec;
} TimeUnit;

/* Longest names first, as a prefix match decides; the empty suffix is seconds. */
static const TimeUnit time_units[] = {
    {"min", USEC_PER_MINUTE},
    {"ms", USEC_PER_MSEC},
    {"us", 1},
    {"d", 24 * 60 * USEC_PER_MINUTE},
    {"h", 60 * USEC_PER_MINUTE},
    {"m", USEC_PER_MINUTE},
    {"s", USEC_PER_SEC},
};

static usec_t unit_take(const char **text) {
    for (size_t i = 0; i < ELEMENTSOF(time_units); i++) {
        size_t n = strlen(time_units[i].suffix);
        if (strncmp(*text, time_units[i].suffix, n) == 0 && !isalpha((unsigned char) (*text)[n])) {
            *text += n;
            return time_units[i].usec;
        }
    }
    return isalpha((unsigned char) **text) ? 0 : USEC_PER_SEC;
}

static const char *spaces_skip(const char *p) {
    return p + strspn(p, " \t");
}

int timespan_parse(const char *text, usec_t *ret_usec, Error *reterr) {
    double sum = 0;
    const char *p = spaces_skip(text);
    if (!*p)
        return error_set(reterr, -EINVAL, "a time span is missing");
    while (*p) {
        char *end;
        double number = isdigit((unsigned char) *p) ? strtod(p, &end) : -1;
        if (number < 0 || end != p + strspn(p, "0123456789.")) /* strtod() also knows 0x10, 1e9 */
            return error_set(reterr, -EINVAL, "'%s' is not a time span (like 30s or 5min)", text);
        p = spaces_skip(end);
        usec_t unit = unit_take(&p);
        if (unit == 0)
            return error_set(reterr, -EINVAL,
                             "'%s' has an unknown time unit (us, ms, s, min, h, d)", text);
        sum += number * (double) unit;
        p = spaces_skip(p);
    }
    if (sum >= (double) INT64_MAX)
        return error_set(reterr, -ERANGE, "'%s' is too long a time", text);
    *ret_usec = (usec_t) (sum + 0.5);
    return 0;
}

char *timespan_format(usec_t usec) {
    if (usec == 0)
        return strdup("0s");
    static const char *const order[] = {"d", "h", "min", "s", "ms", "us"};
    static const usec_t sizes[] = {24 * 60 * USEC_PER_MINUTE,
                                   60 * USEC_PER_MINUTE,
                                   USEC_PER_MINUTE,
                                   USEC_PER_SEC,
                                   USEC_PER_MSEC,
                                   1};
    char buffer[128];
    size_t n = 0;
    for (size_t i = 0; i < ELEMENTSOF(order); i++) {
        usec_t count = usec / sizes[i];
        if (count == 0)
            continue;
        usec %= sizes[i];
        n += (size_t) snprintf(buffer + n, sizeof(buffer) - n, "%s%" PRIu64 "%s", n ? " " : "",
                               count, order[i]);
    }
    return strdup(buffer);
}
