#include "fleetd/model/enum-names.h"

#include <errno.h>

const char *enum_to_string(const EnumNames *names, int value) {
    return value >= 0 && (size_t) value < names->n ? names->names[value] : NULL;
}

int enum_from_string(const EnumNames *names, const char *text) {
    for (size_t i = 0; text && i < names->n; i++)
        if (streq(names->names[i], text))
            return (int) i;
    return -EINVAL;
}
