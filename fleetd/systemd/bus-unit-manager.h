/* The UnitManager of a real machine: systemd over D-Bus, and the files under /run/fleet. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/systemd/unit-manager.h"

#include <systemd/sd-event.h>

typedef struct BusUnitManagerOptions {
    const char *run_directory;       /* NULL: /run/fleet */
    const char *bus_address;         /* NULL: the system bus */
    const char *journal_sync_socket; /* NULL: journald's */
    size_t log_lines;                /* of a start that failed; 0: 10 */
    Metrics *metrics;                /* NULL: calls are not measured */
} BusUnitManagerOptions;

/* options may be NULL. Errors: the run directory can not be made, there is no bus. Later losses of
 * the bus mend themselves: calls fail with -ENOTCONN, jobs end as canceled, then comes on_reset. */
int bus_unit_manager_new(sd_event *event, const BusUnitManagerOptions *options, UnitManager **ret,
                         Error *reterr);
