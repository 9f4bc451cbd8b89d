/* The three states of fleet itself, as asked for (desired) and as reached (current). */
#pragma once

#include <errno.h>

typedef enum LaunchState {
    LAUNCH_STATE_INACTIVE, /* known to the cluster only */
    LAUNCH_STATE_LOADED,   /* its file is on a machine */
    LAUNCH_STATE_LAUNCHED, /* started there */
    _LAUNCH_STATE_MAX,
    _LAUNCH_STATE_INVALID = -EINVAL,
} LaunchState;

const char *launch_state_to_string(LaunchState state);
LaunchState launch_state_from_string(
    const char *text); /* _LAUNCH_STATE_INVALID for anything else, NULL too */
