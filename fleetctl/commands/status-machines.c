/* Machines and what is wanted of them; who leads; the store. */
#include "fleetctl/commands/status-screen.h"

#include "fleetctl/print/age.h"
#include "fleetd/base/strv.h"
#include "fleetd/base/time-units.h"

#include <errno.h>

static void maintenance_count(json_object *status, int64_t *ret_cordoned, int64_t *ret_drained) {
    *ret_cordoned = *ret_drained = 0;
    for (size_t i = 0; i < status_length(status, "maintenance"); i++) {
        bool is_drain = false;
        (void) json_get_bool(status_item(status, "maintenance", i), "drain", &is_drain, NULL);
        *(is_drain ? ret_drained : ret_cordoned) += 1;
    }
}

int section_machines(const Screen *screen) {
    json_object *machines = status_field(screen->status, "machines");
    _cleanup_free_ char *text = NULL;
    int64_t n_cordoned, n_drained;
    maintenance_count(screen->status, &n_cordoned, &n_drained);
    int r = counts_add(&text, status_number(machines, "running"), "here");
    if (r >= 0)
        r = counts_add(&text, status_number(machines, "restarting"), "restarting fleetd");
    if (r >= 0)
        r = counts_add(&text, (int64_t) status_length(machines, "missing"), "missing");
    if (r >= 0)
        r = counts_add(&text, n_cordoned, "cordoned");
    if (r >= 0)
        r = counts_add(&text, n_drained, "drained");
    if (r < 0)
        return r;
    return line_say_take(screen, "Machines", text ? TAKE_PTR(text) : strdup("none"));
}

int section_missing(const Screen *screen) {
    json_object *machines = status_field(screen->status, "machines");
    _cleanup_(strv_freep) char **labels = NULL;
    for (size_t i = 0; i < status_length(machines, "missing"); i++) {
        const char *id = json_object_get_string(status_item(machines, "missing", i));
        _cleanup_free_ char *label =
            machine_id_shorten(str_or(id, ""), screen->context->options->full);
        if (!label || strv_push(&labels, label) < 0)
            return -ENOMEM;
    }
    return labels ? line_say_take(screen, "Missing", strv_join(labels, ", ")) : 0;
}

int section_leader(const Screen *screen) {
    json_object *leader = status_field(screen->status, "leader");
    return line_say_take(screen, "Leader",
                         leader ? machine_label(screen, leader)
                                : strdup("none: nothing is decided before a fleetd leads"));
}

int section_store(const Screen *screen) {
    json_object *store = status_field(screen->status, "store");
    size_t n = status_length(store, "servers");
    const char *kind = str_or(status_text(store, "kind"), "not known");
    _cleanup_free_ char *servers =
        n == 0 ? strdup(kind)
               : str_printf("%s, %zu server%s configured", kind, n, n == 1 ? "" : "s");
    double latency = (double) status_number(store, "latencyUsec") / (double) USEC_PER_MSEC;
    return line_say_take(screen, "Store",
                         servers ? str_printf("%s, answers in %.1f ms", servers, latency) : NULL);
}

static char *brake_until(const Screen *screen, json_object *failover, size_t n) {
    bool is_released = false;
    (void) json_get_bool(failover, "released", &is_released, NULL);
    int64_t left = status_number(failover, "until") - screen->now;
    if (is_released || left <= 0)
        return n == 1 ? strdup("it is given up next")
                      : strdup("they are given up one after the other");
    _cleanup_free_ char *age = age_format(left);
    return age ? str_printf("given up in %s, unless %s back; 'fleetctl failover --now' does not "
                            "wait",
                            age, n == 1 ? "it comes" : "they come")
               : NULL;
}

int section_brake(const Screen *screen) {
    json_object *failover = status_field(screen->status, "failover");
    bool is_held = false;
    if (failover)
        (void) json_get_bool(failover, "held", &is_held, NULL);
    if (!is_held)
        return 0;
    size_t n = status_length(failover, "machines");
    _cleanup_free_ char *since = since_format(screen, status_number(failover, "since")),
                        *until = brake_until(screen, failover, n);
    return line_say_take(screen, "Brake",
                         since && until
                             ? str_printf("%lld of %lld machines vanished %s ago, %zu %s held: %s",
                                          (long long) status_number(failover, "lost"),
                                          (long long) status_number(failover, "all"), since, n,
                                          n == 1 ? "is" : "are", until)
                             : NULL);
}

static char *wish_format(const Screen *screen, json_object *wish, char *state_take) {
    _cleanup_free_ char *state = state_take, *machine = machine_label(screen, wish),
                        *since = since_format(screen, status_number(wish, "since"));
    const char *message = status_text(wish, "message");
    if (!state || !machine || !since)
        return NULL;
    return str_printf("%s: %s, since %s%s%s", machine, state, since, message ? ": " : "",
                      str_or(message, ""));
}

static char *maintenance_state(json_object *wish) {
    bool is_drain = false;
    int64_t n = status_number(wish, "remaining");
    (void) json_get_bool(wish, "drain", &is_drain, NULL);
    if (!is_drain)
        return strdup("cordoned");
    const char *why = status_text(wish, "why");
    return n == 0 ? strdup("drained")
                  : str_printf("draining, %lld unit%s to go%s%s%s", (long long) n,
                               n == 1 ? "" : "s", why ? " (" : "", str_or(why, ""), why ? ")" : "");
}

int section_maintenance(const Screen *screen) {
    int r = 0;
    for (size_t i = 0; i < status_length(screen->status, "maintenance") && r >= 0; i++) {
        json_object *wish = status_item(screen->status, "maintenance", i);
        r = line_say_take(screen, i == 0 ? "Maintenance" : "",
                          wish_format(screen, wish, maintenance_state(wish)));
    }
    return r;
}

int section_rebalance(const Screen *screen) {
    json_object *rebalance = status_field(screen->status, "rebalance");
    const char *why = status_text(rebalance, "why");
    if (!rebalance)
        return 0;
    _cleanup_free_ char *since = since_format(screen, status_number(rebalance, "since"));
    return line_say_take(screen, "Rebalance",
                         since ? str_printf("%s, %lld of %lld units moved, since %s%s%s",
                                            str_or(status_text(rebalance, "phase"), "?"),
                                            (long long) status_number(rebalance, "moved"),
                                            (long long) status_number(rebalance, "moves"), since,
                                            why ? ": " : "", str_or(why, ""))
                               : NULL);
}

static char *reboot_state(json_object *wish) {
    const char *why = status_text(wish, "why");
    return str_printf("%s%s%s%s", str_or(status_text(wish, "phase"), "?"), why ? " (" : "",
                      str_or(why, ""), why ? ")" : "");
}

int section_reboots(const Screen *screen) {
    int r = 0;
    for (size_t i = 0; i < status_length(screen->status, "reboots") && r >= 0; i++) {
        json_object *wish = status_item(screen->status, "reboots", i);
        r = line_say_take(screen, i == 0 ? "Reboots" : "",
                          wish_format(screen, wish, reboot_state(wish)));
    }
    return r;
}

int section_unreadable(const Screen *screen) {
    json_object *unreadable = status_field(screen->status, "unreadable");
    int64_t n = status_number(unreadable, "count");
    if (n == 0)
        return 0;
    int64_t n_more = n - (int64_t) status_length(unreadable, "keys");
    _cleanup_free_ char *keys = names_join(unreadable, "keys");
    if (!keys)
        return -ENOMEM;
    return line_say_take(screen, "Unreadable",
                         n_more > 0 ? str_printf("%s and %lld more", keys, (long long) n_more)
                                    : strdup(keys));
}
