#include "fleetctl/print/age.h"

#include "fleetd/base/strv.h"

#include <time.h>

char *age_format(int64_t seconds) {
    static const struct {
        int64_t until, divisor;
        const char *unit;
    } units[] = {
        {2 * 60, 1, "s"},
        {2 * 3600, 60, "min"},
        {2 * 86400, 3600, "h"},
        {INT64_MAX, 86400, "d"},
    };
    size_t i = 0;
    seconds = MAX(seconds, (int64_t) 0);
    while (seconds >= units[i].until && i + 1 < ELEMENTSOF(units))
        i++;
    return str_printf("%lld %s", (long long) (seconds / units[i].divisor), units[i].unit);
}

char *moment_format(int64_t time) {
    time_t seconds = (time_t) time;
    struct tm tm;
    char text[64];
    bool is_told = gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%F %T UTC", &tm) > 0;
    return strdup(time == 0 ? "" : is_told ? text : "?");
}
