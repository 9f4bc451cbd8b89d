#include "fleetctl/wait/event-teller.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct KnownUnit { /* on a machine */
    bool is_ordered;
    char *active;
    UnitHealth health;
} KnownUnit;

typedef struct KnownMachine {
    char *status, *wish, *phase;
} KnownMachine;

struct EventTeller {
    bool has_present;  /* it was told once: what differs from now on is news */
    bool is_held;      /* by the brake */
    int64_t rebalance; /* its id; 0: none was told of */
    char *rebalance_phase;
    Map *units;    /* KnownUnit by "machine/unit" */
    Map *gone;     /* set of the units that were destroyed: each stream begins by saying so */
    Map *waits;    /* why a unit waits, by name */
    Map *machines; /* KnownMachine by id */
    News *news;
    size_t n_news;
};

static void known_unit_free(void *value) {
    KnownUnit *known = value;
    free(known->active);
    free(known);
}

static void known_machine_free(void *value) {
    KnownMachine *known = value;
    free(known->status);
    free(known->wish);
    free(known->phase);
    free(known);
}

/* --- news --- */

static char *copy_or_null(const char *text, int *result) {
    char *copy = str_is_empty(text) ? NULL : strdup(text);
    if (!copy && !str_is_empty(text))
        *result = -ENOMEM;
    return copy;
}

static int tell(EventTeller *teller, const char *kind, const char *unit, const char *machine_id,
                const char *text) {
    if (!teller->has_present)
        return 0;
    News *news = reallocarray(teller->news, teller->n_news + 1, sizeof(News));
    if (!news)
        return -ENOMEM;
    teller->news = news;
    int r = 0;
    news[teller->n_news++] = (News){.kind = kind,
                                    .unit = copy_or_null(unit, &r),
                                    .machine_id = copy_or_null(machine_id, &r),
                                    .text = copy_or_null(text, &r)};
    return r;
}

const News *event_teller_get(const EventTeller *teller, size_t i) {
    return i < teller->n_news ? &teller->news[i] : NULL;
}

void event_teller_clear(EventTeller *teller) {
    for (size_t i = 0; i < teller->n_news; i++) {
        free(teller->news[i].unit);
        free(teller->news[i].machine_id);
        free(teller->news[i].text);
    }
    free(TAKE_PTR(teller->news));
    teller->n_news = 0;
}

/* --- units --- */

static int known_unit_need(EventTeller *teller, const char *key, KnownUnit **ret) {
    KnownUnit *known = map_get(teller->units, key);
    if (!known) {
        known = calloc(1, sizeof(KnownUnit));
        if (!known || map_put(teller->units, key, known) < 0) {
            free(known);
            return -ENOMEM;
        }
    }
    *ret = known;
    return 0;
}

static int order_compare(EventTeller *teller, KnownUnit *known, const ApiEvent *event) {
    bool is_ordered = event->desired != LAUNCH_STATE_INACTIVE, was = known->is_ordered;
    known->is_ordered = is_ordered;
    if (is_ordered == was)
        return 0;
    return is_ordered ? tell(teller, "placed", event->unit, event->machine_id, event->reason)
                      : tell(teller, "leaves", event->unit, event->machine_id,
                             event->reason       ? event->reason
                             : event->is_deleted ? "destroyed"
                                                 : NULL);
}

static const char *why_failed(const ApiEvent *event) {
    bool has_result = *event->result && !streq(event->result, "success");
    return event->message ? event->message : has_result ? event->result : NULL;
}

/* systemd's words for it; what is on its way is no news yet. */
static int active_compare(EventTeller *teller, KnownUnit *known, const ApiEvent *event) {
    static const char *const told[] = {"active", "failed", "inactive"};
    if (streq(str_or(known->active, ""), event->active))
        return 0;
    bool was_known = known->active != NULL;
    int r = str_replace(&known->active, *event->active ? event->active : NULL);
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(told); i++)
        if (streq(event->active, told[i]) && (was_known || i < 2))
            r = tell(teller, told[i], event->unit, event->machine_id,
                     i == 1 ? why_failed(event) : NULL);
    return r;
}

static int health_compare(EventTeller *teller, KnownUnit *known, const ApiEvent *event) {
    UnitHealth was = known->health;
    known->health = event->health;
    bool is_news = event->health == UNIT_HEALTH_HEALTHY || event->health == UNIT_HEALTH_UNHEALTHY;
    return is_news && event->health != was
               ? tell(teller, unit_health_to_string(event->health), event->unit, event->machine_id,
                      event->health_message)
               : 0;
}

static int placement_take(EventTeller *teller, const ApiEvent *event) {
    _cleanup_free_ char *key = str_printf("%s/%s", event->machine_id, event->unit);
    KnownUnit *known;
    int r = key ? known_unit_need(teller, key, &known) : -ENOMEM;
    if (r >= 0)
        r = order_compare(teller, known, event);
    if (r >= 0)
        r = active_compare(teller, known, event);
    if (r >= 0)
        r = health_compare(teller, known, event);
    if (r >= 0 && !known->is_ordered && !known->active)
        map_remove(teller->units, key);
    return r;
}

static int gone_take(EventTeller *teller, const char *name) {
    map_remove(teller->waits, name);
    if (map_has(teller->gone, name))
        return 0;
    int r = map_put(teller->gone, name, NULL);
    return r < 0 ? r : tell(teller, "destroyed", name, NULL, NULL);
}

/* It is on no machine: it waits, or nobody wants it, or it is no more. */
static int nowhere_take(EventTeller *teller, const ApiEvent *event) {
    const char *was = map_get(teller->waits, event->unit), *waits = event->pending.summary;
    if (event->is_deleted)
        return gone_take(teller, event->unit);
    if (streq_ptr(was, waits))
        return 0;
    if (!waits) {
        map_remove(teller->waits, event->unit);
        return 0;
    }
    char *copy = strdup(waits);
    int r = copy ? map_put(teller->waits, event->unit, copy) : -ENOMEM;
    if (r < 0) {
        free(copy);
        return r;
    }
    return tell(teller, "waits", event->unit, NULL, waits);
}

static int unit_take(EventTeller *teller, const ApiEvent *event) {
    if (!event->is_deleted)
        map_remove(teller->gone, event->unit);
    if (!*event->machine_id)
        return nowhere_take(teller, event);
    if (event->desired != LAUNCH_STATE_INACTIVE)
        map_remove(teller->waits, event->unit);
    return placement_take(teller, event);
}

/* --- machines --- */

static const char *field_text(json_object *object, const char *name) {
    const char *text = NULL;
    if (object)
        (void) json_get_string(object, name, &text, NULL);
    return text;
}

static json_object *field_object(json_object *json, const char *name) {
    json_object *object = NULL;
    (void) json_get_object(json, name, &object, NULL);
    return object;
}

/* Tells what the word has become, if it was another one. */
static int word_compare(EventTeller *teller, char **known, const char *word, const char *machine_id,
                        const char *text) {
    if (streq_ptr(*known, word))
        return 0;
    int r = str_replace(known, word);
    return r < 0 ? r : tell(teller, word, NULL, machine_id, text);
}

static const char *wish_word(json_object *maintenance) {
    bool is_drain = false;
    if (maintenance)
        (void) json_get_bool(maintenance, "drain", &is_drain, NULL);
    return !maintenance ? "eligible" : is_drain ? "drained" : "cordoned";
}

/* News outlive the line: their kinds are words of this program. */
static const char *status_word(const char *status) {
    static const char *const words[] = {"running", "restarting", "gone"};
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (streq_ptr(status, words[i]))
            return words[i];
    return "changed";
}

static int known_machine_need(EventTeller *teller, const char *id, KnownMachine **ret) {
    KnownMachine *known = map_get(teller->machines, id);
    if (!known) {
        known = calloc(1, sizeof(KnownMachine));
        if (!known || map_put(teller->machines, id, known) < 0) {
            free(known);
            return -ENOMEM;
        }
        if (!(known->wish = strdup("eligible")))
            return -ENOMEM;
    }
    *ret = known;
    return 0;
}

static int phase_compare(EventTeller *teller, KnownMachine *known, const char *id,
                         const char *phase) {
    if (streq_ptr(known->phase, phase))
        return 0;
    int r = str_replace(&known->phase, phase);
    return r < 0 ? r : tell(teller, "reboot", NULL, id, phase ? phase : "over");
}

static int machine_take(EventTeller *teller, json_object *json) {
    const char *id = field_text(json, "machineID");
    const char *status = status_word(field_text(json, "status"));
    json_object *maintenance = field_object(json, "maintenance");
    KnownMachine *known;
    int r = known_machine_need(teller, str_or(id, ""), &known);
    if (r >= 0)
        r = word_compare(teller, &known->status, status, id, NULL);
    if (r >= 0)
        r = word_compare(teller, &known->wish, wish_word(maintenance), id,
                         field_text(maintenance, "message"));
    if (r >= 0)
        r = phase_compare(teller, known, id, field_text(field_object(json, "reboot"), "phase"));
    return r;
}

static int failover_take(EventTeller *teller, json_object *json) {
    bool is_held = false, was_held = teller->is_held;
    (void) json_get_bool(json, "held", &is_held, NULL);
    teller->is_held = is_held;
    if (is_held == was_held)
        return 0;
    return tell(teller, "brake", NULL, NULL,
                is_held ? "too many machines vanished at once: their units are held"
                        : "no machine's units are held any more");
}

static const char *rebalance_news(const char *phase) {
    static const struct {
        const char *phase, *text;
    } news[] = {
        {"wanted", "units are to be moved, to even the load out"},
        {"proposed", "moves were proposed, and none is made"},
        {"moving", "units are moved, to even the load out"},
        {"done", "it is over: the load is as even as it gets by this"},
    };
    for (size_t i = 0; i < ELEMENTSOF(news); i++)
        if (streq_ptr(phase, news[i].phase))
            return news[i].text;
    return phase ? phase : "it was cancelled";
}

static int rebalance_take(EventTeller *teller, json_object *json) {
    int64_t id = 0;
    const char *phase = field_text(json, "phase");
    (void) json_get_int(json, "id", &id, NULL);
    if (id == teller->rebalance && streq_ptr(teller->rebalance_phase, phase))
        return 0;
    teller->rebalance = id;
    int r = str_replace(&teller->rebalance_phase, phase);
    return r < 0 ? r : tell(teller, "rebalance", NULL, NULL, rebalance_news(phase));
}

/* --- lines --- */

static int event_take(EventTeller *teller, json_object *json, Error *reterr) {
    ApiEvent event;
    const char *type = str_or(field_text(json, "type"), "");
    if (streq(type, "machine"))
        return machine_take(teller, json);
    if (streq(type, "failover"))
        return failover_take(teller, json);
    if (streq(type, "rebalance"))
        return rebalance_take(teller, json);
    int r = api_event_read(json, &event, reterr);
    if (r < 0)
        return r;
    if (event.type == API_EVENT_SYNCED)
        teller->has_present = true;
    return event.type == API_EVENT_UNIT ? unit_take(teller, &event) : 0;
}

int event_teller_feed(EventTeller *teller, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    int r = json_parse(line, size, &json, reterr);
    if (r >= 0)
        r = event_take(teller, json, reterr);
    return r == -EBADMSG ? error_prefix(reterr, r, "Bad event from fleetd") : r;
}

int event_teller_new(EventTeller **ret) {
    _cleanup_(event_teller_freep) EventTeller *teller = calloc(1, sizeof(EventTeller));
    if (!teller || !(teller->units = map_new(known_unit_free)) ||
        !(teller->waits = map_new(free)) || !(teller->gone = map_new(NULL)) ||
        !(teller->machines = map_new(known_machine_free)))
        return -ENOMEM;
    *ret = TAKE_PTR(teller);
    return 0;
}

void event_teller_free(EventTeller *teller) {
    if (!teller)
        return;
    event_teller_clear(teller);
    map_free(teller->units);
    map_free(teller->waits);
    map_free(teller->gone);
    map_free(teller->machines);
    free(teller->rebalance_phase);
    free(teller);
}
