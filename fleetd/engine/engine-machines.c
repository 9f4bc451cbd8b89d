/* Machines that come and go: one that has orders and no presence is waited for before its units are
 * placed anew, and for longer when too many vanish at once. */
#include "fleetd/base/log.h"
#include "fleetd/engine/engine-internal.h"

#include <errno.h>

/* A presence is gone when its lease ran out, and so had its machine a whole lease time to renew it.
 * But a store can take presences away that were renewed in time (lease.h), and anybody can delete
 * them: a machine that lives is back after a few answers of the store. */
#define RETURN_USEC (250 * USEC_PER_MSEC)
/* The leader's lease is shorter, and is lost to such a store first: that a new one was elected is a
 * sign of it, and the others may need longer. Where a machine is really lost together with the
 * leader that it had, this passes before its lease ends. */
#define RETURN_MAX_USEC (2 * USEC_PER_SEC)

static usec_t patience_with_the_first(const Engine *engine) {
    return MIN(engine->agent_ttl_usec / 5, RETURN_MAX_USEC);
}

/* What this fleetd saw of the store before it led counts as well: a leader that has just been
 * elected, by a store that has answered all the time, need not wait to know that a machine had its
 * lease time. That its own presence is not there says that presences mean nothing just now. */
usec_t engine_on_steady_since(void *userdata) {
    Engine *engine = userdata;
    if (feed_find_presence(engine->feed, engine->machine_id) == FEED_PRESENCE_NONE)
        return USEC_INFINITY;
    return MAX(engine->steady_since(engine->userdata), leadership_last_gap(engine->leadership));
}

void engine_give_up(Engine *engine, const char *machine_id) {
    log_write(LOG_NOTICE, (LogFields){.machine = machine_id},
              "Machine %s is gone; its units are placed anew", machine_id);
    engine_metrics_failed(engine->metrics, "machine_away");
    engine_check(engine, cluster_remove_machine(engine->cluster, machine_id, false));
    engine_look(engine);
}

static void log_held(const Engine *engine, const char *machine_id) {
    const LogFields fields = {.machine = machine_id};
    unsigned long long left = brake_left_usec(engine->brake) / USEC_PER_SEC;
    if (left > 0)
        log_write(LOG_WARNING, fields,
                  "Machine %s is gone, and so are too many others at once: its units are held for "
                  "%llu s, unless it comes back ('fleetctl failover --now' does not wait)",
                  machine_id, left);
    else
        log_write(LOG_WARNING, fields,
                  "Machine %s is gone, as were too many others at once: its units are placed anew "
                  "in its turn, unless it comes back",
                  machine_id);
}

void engine_on_machine_gone(const char *machine_id, void *userdata) {
    Engine *engine = userdata;
    if (brake_holds(engine->brake, machine_id))
        log_held(engine, machine_id);
    else
        engine_give_up(engine, machine_id);
}

void engine_on_machine_here(const char *id, void *userdata) {
    Engine *engine = userdata;
    absence_remove(engine->absence, id);
    engine_check(engine, brake_machine_is_here(engine->brake, id));
}

/* Whoever said that it left is taken at its word. A presence that cannot be read did not run out:
 * somebody wrote over it, and its machine may be about to write it anew. */
static int engine_miss(Engine *engine, const char *id, usec_t patience_usec) {
    FeedPresence presence = feed_find_presence(engine->feed, id);
    bool has_left = presence == FEED_PRESENCE_LEFT;
    if (cluster_is_gone(engine->cluster,
                        id)) /* and so it is, but it may have taken its word back */
        return cluster_remove_machine(engine->cluster, id, has_left);
    if (has_left || !cluster_has_orders(engine->cluster, id)) {
        absence_remove(engine->absence, id);
        return cluster_remove_machine(engine->cluster, id, has_left);
    }
    return absence_add(engine->absence, id,
                       presence == FEED_PRESENCE_UNREADABLE ? engine->agent_ttl_usec
                                                            : patience_usec);
}

void engine_on_machine_away(const char *id, void *userdata) {
    Engine *engine = userdata;
    bool has_left = feed_find_presence(engine->feed, id) == FEED_PRESENCE_LEFT ||
                    !cluster_has_orders(engine->cluster, id);
    log_write(LOG_INFO, (LogFields){.machine = id},
              has_left ? "Machine %s has left" : "Machine %s has no presence any more", id);
    if (feed_find_presence(engine->feed, id) == FEED_PRESENCE_LEFT)
        brake_machine_left(engine->brake, id);
    else
        brake_machine_vanished(engine->brake, id);
    engine_check(engine, engine_miss(engine, id, RETURN_USEC));
}

int engine_find_missing(Engine *engine) {
    _cleanup_free_ const char **ids = NULL;
    int r = cluster_missing_machines(engine->cluster, &ids);
    for (const char **id = ids; r >= 0 && *id; id++)
        r = engine_miss(engine, *id, patience_with_the_first(engine));
    return r;
}

/* Later than that, nobody but a stranger orders anything of a machine that is not there. */
void engine_on_machine_missing(const char *id, void *userdata) {
    Engine *engine = userdata;
    if (engine_has_model(engine) && !absence_has(engine->absence, id))
        engine_check(engine, engine_miss(engine, id, RETURN_USEC));
}
