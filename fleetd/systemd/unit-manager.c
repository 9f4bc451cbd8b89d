#include "fleetd/systemd/unit-manager.h"

#include "fleetd/base/strv.h"

void unit_status_done(UnitStatus *status) {
    free(status->name);
    free(status->hash);
    free(status->cluster);
    free(status->health);
    free(status->load);
    free(status->active);
    free(status->sub);
    free(status->result);
    strv_free(status->log);
    *status = (UnitStatus){0};
}

void unit_status_free(UnitStatus *status) {
    if (!status)
        return;
    unit_status_done(status);
    free(status);
}

bool unit_status_is_running(const UnitStatus *status) {
    static const char *const running[] = {"active", "activating", "reloading", "deactivating",
                                          "refreshing"};
    for (size_t i = 0; i < ELEMENTSOF(running); i++)
        if (streq_ptr(status->active, running[i]))
            return true;
    return false;
}
