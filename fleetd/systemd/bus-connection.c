#include "fleetd/base/log.h"
#include "fleetd/systemd/bus-private.h"

#include <time.h>

/* A bus that restarts is back within a second; one that does not come back is worth no more than
 * that. */
#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (5 * USEC_PER_SEC)

static int bus_open(const char *address, sd_bus **ret) {
    sd_bus *bus = NULL;
    if (!address)
        return sd_bus_open_system_with_description(ret, "fleet");
    int r = sd_bus_new(&bus);
    if (r >= 0)
        r = sd_bus_set_address(bus, address);
    if (r >= 0)
        r = sd_bus_set_bus_client(bus, true);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0)
        sd_bus_unref(bus);
    else
        *ret = bus;
    return r;
}

int bus_connect(BusUnitManager *um) {
    int r = bus_open(um->bus_address, &um->bus);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(um->bus, um->event, SD_EVENT_PRIORITY_NORMAL);
    if (r >= 0)
        r = bus_signals_match(um);
    if (r < 0) {
        bus_disconnect(um);
        return r;
    }
    bus_subscribe(um);
    return 0;
}

void bus_disconnect(BusUnitManager *um) {
    um->is_connected = false;
    um->subscribe_call = sd_bus_slot_unref(um->subscribe_call);
    um->bus = sd_bus_close_unref(um->bus);
}

/* on_reset */

typedef struct ResetReply {
    Reply reply;
    BusUnitManager *um;
} ResetReply;

static void reset_run(Reply *reply) {
    BusUnitManager *um = ((ResetReply *) reply)->um;
    if (um->is_listed && um->callbacks.on_reset)
        um->callbacks.on_reset(um->userdata);
}

static void reset_free(Reply *reply) {
    free(reply);
}

static void reset_tell(BusUnitManager *um) {
    ResetReply *reset = calloc(1, sizeof(ResetReply));
    if (!reset) {
        log_error("Failed to tell that contact with systemd is back: out of memory");
        return;
    }
    reset->reply = (Reply){.run = reset_run, .free = reset_free};
    reset->um = um;
    reply_queue_push_take(um->replies, &reset->reply);
}

/* Anything that goes wrong here shows again as a loss of contact. */
static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
    BusUnitManager *um = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    um->subscribe_call = sd_bus_slot_unref(um->subscribe_call);
    if (error && !sd_bus_error_has_name(error, "org.freedesktop.systemd1.AlreadySubscribed")) {
        log_warning("Failed to subscribe to systemd's signals: %s", error->message);
        return 0;
    }
    um->retry_usec = RETRY_MIN_USEC;
    if (!um->was_lost)
        return 0;
    um->was_lost = false;
    log_notice("Contact with systemd is back");
    reset_tell(um);
    return 0;
}

/* Messages keep their order: systemd sees this before any question that is asked after it. */
void bus_subscribe(BusUnitManager *um) {
    um->is_connected = true;
    um->subscribe_call = sd_bus_slot_unref(um->subscribe_call);
    int r = sd_bus_call_method_async(um->bus, &um->subscribe_call, SYSTEMD_BUS_NAME, SYSTEMD_OBJECT,
                                     SYSTEMD_MANAGER, "Subscribe", on_subscribed, um, NULL);
    if (r < 0)
        log_warning("Failed to subscribe to systemd's signals: %s", strerror(-r));
}

void bus_contact_lost(BusUnitManager *um) {
    if (!um->was_lost)
        log_warning("Lost contact with systemd; units stay as they are");
    um->was_lost = true;
    um->is_connected = false;
    bus_ops_fail_all(um);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
    BusUnitManager *um = userdata;
    um->retry_timer = sd_event_source_disable_unref(um->retry_timer);
    bus_disconnect(um);
    if (bus_connect(um) < 0)
        bus_disconnected(um);
    return 0;
}

/* The old bus is let go later, as this is called from inside it. */
void bus_disconnected(BusUnitManager *um) {
    bus_contact_lost(um);
    if (um->retry_timer)
        return;
    usec_t delay = MAX(um->retry_usec, RETRY_MIN_USEC);
    um->retry_usec = MIN(delay * 2, RETRY_MAX_USEC);
    int r = sd_event_add_time_relative(um->event, &um->retry_timer, CLOCK_MONOTONIC, delay, 0,
                                       on_retry, um);
    if (r < 0)
        log_error("Failed to plan a new contact with systemd: %s", strerror(-r));
}
