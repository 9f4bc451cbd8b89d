/* The Update... options: how a changed file of the unit is rolled out by a deployment. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"

#include <stdlib.h>

#define COUNT_DIGITS_MAX 5

static int count_read(RequirementsReader *reader, const char *value, uint64_t min, uint64_t *ret) {
    size_t n = strspn(value, "0123456789");
    bool is_number = n > 0 && n <= COUNT_DIGITS_MAX && !value[n];
    uint64_t count = is_number ? strtoul(value, NULL, 10) : 0;
    if (!is_number || count < min || count > UPDATE_COUNT_MAX)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is no number from %u to %d",
                         TEXT_SHORT(value), (unsigned) min, UPDATE_COUNT_MAX);
    *ret = count;
    return 0;
}

static int time_read(RequirementsReader *reader, const char *value, usec_t *ret) {
    usec_t usec;
    int r = timespan_parse(value, &usec, reader->reterr);
    if (r < 0)
        return r == -ERANGE ? -EINVAL : r;
    if (usec > UPDATE_TIME_MAX_USEC)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is more than a day", TEXT_SHORT(value));
    *ret = usec;
    return 0;
}

int requirements_read_update_parallel(RequirementsReader *reader, const char *value) {
    return count_read(reader, value, 1, &reader->requirements->update.parallel);
}

int requirements_read_update_canaries(RequirementsReader *reader, const char *value) {
    return count_read(reader, value, 0, &reader->requirements->update.canaries);
}

int requirements_read_update_healthy_time(RequirementsReader *reader, const char *value) {
    return time_read(reader, value, &reader->requirements->update.healthy_usec);
}

int requirements_read_update_healthy_deadline(RequirementsReader *reader, const char *value) {
    return time_read(reader, value, &reader->requirements->update.deadline_usec);
}

int requirements_read_update_on_failure(RequirementsReader *reader, const char *value) {
    return update_policy_set_on_failure(&reader->requirements->update, value, reader->reterr);
}

int requirements_read_update_order(RequirementsReader *reader, const char *value) {
    return update_policy_set_order(&reader->requirements->update, value, reader->reterr);
}

const char *requirements_bar_beside(const Requirements *requirements) {
    if (requirements->is_global)
        return "Global";
    if (requirements->stop_after_usec > 0)
        return "StopAfterDisconnect";
    if (requirements->machine_id)
        return "MachineID";
    return requirements->machine_of && requirements->machine_of[0] ? "MachineOf" : NULL;
}

int requirements_settle_update(RequirementsReader *reader) {
    static const OptionId ids[] = {OPTION_UPDATE_HEALTHY_DEADLINE, OPTION_UPDATE_HEALTHY_TIME};
    _cleanup_error_ Error error = {};
    const UnitOption *option = NULL;
    int r = update_policy_check(&reader->requirements->update, &error);
    for (size_t i = 0; i < ELEMENTSOF(ids) && !option; i++)
        option = reader->options[ids[i]];
    return r == -EINVAL ? requirements_refuse(reader->reterr, option, "%s: %s", option->name,
                                              error_text(&error, r))
                        : r;
}
