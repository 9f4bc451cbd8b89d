/* Reschedule=, and what Restart= says of the same matter: whether the unit's author wants it to be
 * tried again when it has failed. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <strings.h>

int requirements_read_reschedule(RequirementsReader *reader, const char *value) {
    bool is_on_failure = streq(value, "on-failure");
    if (!is_on_failure && !streq(value, "no"))
        return error_set(reader->reterr, -EINVAL, "'%.*s' is neither on-failure nor no",
                         TEXT_SHORT(value));
    reader->requirements->may_reschedule = is_on_failure;
    return 0;
}

/* systemd takes the last one, and an empty one for none. */
const char *requirements_restart_of(const UnitFile *file) {
    const char *restart = "no";
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    for (size_t i = 0; i < n; i++)
        if (streq(options[i].section, "Service") && streq(options[i].name, "Restart"))
            restart = options[i].value;
    return *restart && strcasecmp(restart, "no") != 0 ? restart : "no";
}

void requirements_settle_rescheduling(RequirementsReader *reader, const UnitFile *file) {
    static const char *const wants[] = {"always", "on-failure", "on-abnormal", "on-abort",
                                        "on-watchdog"};
    if (reader->options[OPTION_RESCHEDULE] || !streq(unit_name_type(reader->unit_name), "service"))
        return;
    const char *restart = requirements_restart_of(file);
    for (size_t i = 0; i < ELEMENTSOF(wants); i++)
        if (streq(restart, wants[i]))
            reader->requirements->may_reschedule = true;
}
