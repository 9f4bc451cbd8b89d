#include "fleetd/model/launch-state.h"

#include "fleetd/model/enum-names.h"

static const char *const names[_LAUNCH_STATE_MAX] = {
    [LAUNCH_STATE_INACTIVE] = "inactive",
    [LAUNCH_STATE_LOADED] = "loaded",
    [LAUNCH_STATE_LAUNCHED] = "launched",
};

const EnumNames launch_state_names = ENUM_NAMES(names);

const char *launch_state_to_string(LaunchState state) {
    return enum_to_string(&launch_state_names, (int) state);
}

LaunchState launch_state_from_string(const char *text) {
    return (LaunchState) enum_from_string(&launch_state_names, text);
}
