/* How a unit is asked whether it is well (HealthCheck= and what belongs to it), and what came of
 * it, as everybody is told. */
#pragma once

#include "fleetd/base/time-units.h"

#include <errno.h>

/* As its state tells it. */
typedef enum UnitHealth {
    UNIT_HEALTH_NONE,     /* it has no check, or does not run */
    UNIT_HEALTH_STARTING, /* it runs, and has not been well yet; that does not count against it */
    UNIT_HEALTH_HEALTHY,
    UNIT_HEALTH_UNHEALTHY,
    _UNIT_HEALTH_MAX,
    _UNIT_HEALTH_INVALID = -EINVAL,
} UnitHealth;

const char *unit_health_to_string(UnitHealth health);
UnitHealth unit_health_from_string(const char *text);

typedef enum HealthCheckKind {
    HEALTH_CHECK_HTTP, /* well: an answer of status 200 to 399 */
    HEALTH_CHECK_TCP,  /* a connection */
    HEALTH_CHECK_EXEC, /* exit status 0 */
    _HEALTH_CHECK_KIND_MAX,
    _HEALTH_CHECK_KIND_INVALID = -EINVAL,
} HealthCheckKind;

typedef struct HealthCheck {
    HealthCheckKind kind; /* INVALID: of a template, whose instances will know */
    char *url;            /* of HTTP, complete */
    char *host;           /* of TCP: an address of IPv4 or IPv6 */
    unsigned port;
    char **command; /* of EXEC: an absolute path, and its arguments */
    usec_t interval_usec, timeout_usec, start_period_usec;
    uint64_t retries; /* so many failures in a row are one too many */
    bool may_restart; /* Restart= of the unit's file asks for it when it fails */
} HealthCheck;

void health_check_free(HealthCheck *check);
DEFINE_POINTER_CLEANUP(HealthCheck, health_check_free)
