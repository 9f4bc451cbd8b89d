/* MaxUnavailable= and Group=: how much of a service may be down by fleet's own doing. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <ctype.h>

#define MAX_UNAVAILABLE_MAX 1000000

int requirements_read_group(RequirementsReader *reader, const char *value) {
    _cleanup_free_ char *expanded = NULL;
    int r = unit_name_expand(reader->unit_name, value, &expanded, reader->reterr);
    if (r < 0)
        return r;
    if (reader->is_template && strchr(value, '%'))
        return str_replace(&reader->requirements->budget.group, value);
    if (!*expanded || strlen(expanded) > UNIT_NAME_MAX ||
        expanded[strspn(expanded, UNIT_NAME_CHARACTERS)])
        return error_set(reader->reterr, -EINVAL,
                         "'%.*s' is no name of a group: characters of unit names, at most %d",
                         TEXT_SHORT(expanded), UNIT_NAME_MAX);
    return str_replace(&reader->requirements->budget.group, expanded);
}

/* -EINVAL: no number, or one that is too large. */
static int number_take(const char **text, unsigned max, unsigned *ret) {
    unsigned number = 0;
    if (!isdigit((unsigned char) **text))
        return -EINVAL;
    for (; isdigit((unsigned char) **text); (*text)++) {
        number = number * 10 + (unsigned) (**text - '0');
        if (number > max)
            return -EINVAL;
    }
    *ret = number;
    return 0;
}

int requirements_read_max_unavailable(RequirementsReader *reader, const char *value) {
    Budget *budget = &reader->requirements->budget;
    const char *end = value;
    unsigned number = 0;
    int r = number_take(&end, MAX_UNAVAILABLE_MAX, &number);
    bool is_percent = r >= 0 && *end == '%';
    end += is_percent;
    if (r < 0 || *end || (is_percent && number > 100))
        return error_set(reader->reterr, -EINVAL,
                         "'%.*s' is neither a number of units nor a percentage", TEXT_SHORT(value));
    budget->max_unavailable = number;
    budget->is_percent = is_percent;
    return 0;
}
