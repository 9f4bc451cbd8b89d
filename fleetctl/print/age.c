#include "fleetctl/print/age.h"

#include "fleetd/base/strv.h"

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
