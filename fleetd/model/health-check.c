#include "fleetd/model/health-check.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/enum-names.h"

static const char *const names[_UNIT_HEALTH_MAX] = {
    [UNIT_HEALTH_NONE] = "none",
    [UNIT_HEALTH_STARTING] = "starting",
    [UNIT_HEALTH_HEALTHY] = "healthy",
    [UNIT_HEALTH_UNHEALTHY] = "unhealthy",
};

const EnumNames unit_health_names = ENUM_NAMES(names);

const char *unit_health_to_string(UnitHealth health) {
    return enum_to_string(&unit_health_names, (int) health);
}

UnitHealth unit_health_from_string(const char *text) {
    return (UnitHealth) enum_from_string(&unit_health_names, text);
}

void health_check_free(HealthCheck *check) {
    if (!check)
        return;
    free(check->url);
    free(check->host);
    strv_free(check->command);
    free(check);
}
