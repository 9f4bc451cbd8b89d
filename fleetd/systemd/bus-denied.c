/* systemd takes orders from root, and asks polkit about everybody else. Its refusal does not say
 * what it asked for: that is told here, as it is what an administrator has to allow. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

static const struct {
    const char *member;
    const char *action; /* of org.freedesktop.systemd1 */
} actions[] = {
    {"StartUnit", "manage-units"},
    {"StopUnit", "manage-units"},
    {"TryRestartUnit", "manage-units"},
    {"ResetFailedUnit", "manage-units"},
    {"LinkUnitFiles", "manage-unit-files"},
    {"EnableUnitFiles", "manage-unit-files"},
    {"DisableUnitFiles", "manage-unit-files"},
    {"Reload", "reload-daemon"},
};

static const char *action_find(const char *member) {
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        if (streq_ptr(actions[i].member, member))
            return actions[i].action;
    return NULL;
}

char *bus_denied_describe(const sd_bus_error *error, const char *member, uid_t uid) {
    const char *action = action_find(member);
    bool is_denied = sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ||
                     sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);
    if (!is_denied || !action || uid == 0)
        return NULL;
    return str_printf("%s (%s): fleetd runs as user id %u, and polkit does not allow it "
                      "org.freedesktop.systemd1.%s; see fleetd(8), \"RUNNING AS USER FLEET\"",
                      str_or(error->message, "Access denied"), member, (unsigned) uid, action);
}
