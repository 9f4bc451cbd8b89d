#include "fleetctl/print/time-text.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

char *time_text(int64_t unix_time) {
    char text[64];
    struct tm tm;
    time_t time = (time_t) unix_time;
    bool is_known =
        time > 0 && gmtime_r(&time, &tm) && strftime(text, sizeof(text), "%F %T UTC", &tm) > 0;
    return strdup(is_known ? text : "");
}
