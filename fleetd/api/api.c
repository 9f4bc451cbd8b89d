#include "fleetd/api/events.h"
#include "fleetd/api/reads.h"
#include "fleetd/api/request-metrics.h"
#include "fleetd/store/gathering-store.h"

#include <errno.h>

#define STORE_TIMEOUT_USEC (5 * USEC_PER_SEC)
#define PAGE_SIZE 5000

static void on_unit_changed(const UnitView *unit, void *userdata) {
    events_on_unit(((Api *) userdata)->events, unit);
}

static void on_brake_changed(const BrakeRecord *brake, void *userdata) {
    events_on_brake(((Api *) userdata)->events, brake);
}

static void on_rebalance_changed(const Rebalance *rebalance, void *userdata) {
    events_on_rebalance(((Api *) userdata)->events, rebalance);
}

static void on_machine_changed(const MachineView *machine, void *userdata) {
    events_on_machine(((Api *) userdata)->events, machine);
}

/* Streams first: who begins one now is told the present as it is after these changes. */
static void on_synced(void *userdata) {
    Api *api = userdata;
    events_on_synced(api->events);
    reads_continue(api->reads);
}

int api_new(const ApiOptions *options, Api **ret) {
    static const ViewCallbacks callbacks = {
        .on_unit_changed = on_unit_changed,
        .on_machine_changed = on_machine_changed,
        .on_brake_changed = on_brake_changed,
        .on_rebalance_changed = on_rebalance_changed,
        .on_synced = on_synced,
    };
    _cleanup_(api_freep) Api *api = calloc(1, sizeof(Api));
    if (!api)
        return -ENOMEM;
    api->options = *options;
    if (api->options.store_timeout_usec == 0)
        api->options.store_timeout_usec = STORE_TIMEOUT_USEC;
    if (api->options.page_size == 0)
        api->options.page_size = PAGE_SIZE;
    request_metrics_declare(api->options.metrics);
    int r = gathering_store_new(options->store, options->loop, &api->gathering);
    if (r >= 0)
        r = reads_new(api, &callbacks, api, &api->reads);
    if (r >= 0)
        r = events_new(api, &api->events);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(api);
    return 0;
}

void api_free(Api *api) {
    if (!api)
        return;
    api_writes_end(api);
    if (api->gathering)
        store_free(api->gathering);
    events_free(api->events);
    reads_free(api->reads);
    free(api->discovery);
    free(api);
}

void api_start_over(Api *api) {
    reads_start_over(api->reads);
}
