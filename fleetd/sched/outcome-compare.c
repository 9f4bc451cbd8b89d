/* Two outcomes become changes, in the words of users: of a unit on one machine what it does there,
 * of one that leaves for another machine that it moves. */
#include "fleetd/sched/outcome-internal.h"

#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct Comparison {
    const Map *departures;
    Forecast *forecast;
    const char *name;
    const OutcomeUnit *before, *after;
} Comparison;

static const char *departure(const Comparison *comparison, const OutcomePlace *place) {
    _cleanup_free_ char *key = departure_key(place->machine_id, comparison->name);
    return key ? map_get(comparison->departures, key) : NULL;
}

static int add(const Comparison *comparison, ForecastKind kind, const OutcomePlace *from,
               const OutcomePlace *to, const char *reason) {
    const ForecastChange change = {
        .kind = kind,
        .name = (char *) comparison->name,
        .from = from ? from->machine_id : NULL,
        .to = to ? to->machine_id : NULL,
        .reason = (char *) str_or(reason, ""),
    };
    return forecast_add(comparison->forecast, &change);
}

/* --- on one machine --- */

static int compare_coming(const Comparison *comparison, const OutcomePlace *to) {
    bool is_started = to->desired == LAUNCH_STATE_LAUNCHED;
    return add(comparison, is_started ? FORECAST_START : FORECAST_LOAD, NULL, to, to->reason);
}

static int compare_going(const Comparison *comparison, const OutcomePlace *from) {
    bool was_started = from->desired == LAUNCH_STATE_LAUNCHED;
    return add(comparison, was_started ? FORECAST_STOP : FORECAST_UNLOAD, from, NULL,
               departure(comparison, from));
}

static int compare_staying(const Comparison *comparison, const OutcomePlace *from,
                           const OutcomePlace *to) {
    bool was_started = from->desired == LAUNCH_STATE_LAUNCHED,
         is_started = to->desired == LAUNCH_STATE_LAUNCHED,
         has_new_file = !streq(from->hash, to->hash);
    const char *left = departure(comparison, to), *stays = order_reason_stays(to->reason);
    if (was_started && !is_started)
        return add(comparison, FORECAST_STOP, from, to, "stays loaded");
    if (!was_started && is_started)
        return add(comparison, FORECAST_START, from, to, to->reason);
    const char *file = comparison->after->is_global ? "gets its new file, machine by machine"
                                                    : "gets its new file where it is";
    if (has_new_file || left)
        return add(comparison, is_started ? FORECAST_RESTART : FORECAST_LOAD, from, to,
                   has_new_file ? file : left);
    if (stays && !order_reason_stays(from->reason))
        return add(comparison, FORECAST_WAIT, from, to, stays);
    return 0;
}

/* One of them may be NULL. */
static int compare_place(const Comparison *comparison, const OutcomePlace *from,
                         const OutcomePlace *to) {
    if (from && to)
        return compare_staying(comparison, from, to);
    return to ? compare_coming(comparison, to) : compare_going(comparison, from);
}

/* What waited for the same request before is no change. */
static bool waits_anew(const Comparison *comparison) {
    const OutcomeUnit *before = comparison->before, *after = comparison->after;
    return after->waits &&
           (!before->waits || before->n_places > 0 || before->revision != after->revision);
}

/* Machine by machine: both lists are sorted. */
static int compare_everywhere(const Comparison *comparison) {
    const OutcomeUnit *before = comparison->before, *after = comparison->after;
    size_t i = 0, j = 0;
    int r = 0;
    while (r >= 0 && (i < before->n_places || j < after->n_places)) {
        const OutcomePlace *from = i < before->n_places ? &before->places[i] : NULL,
                           *to = j < after->n_places ? &after->places[j] : NULL;
        int order = !from ? 1 : !to ? -1 : strcmp(from->machine_id, to->machine_id);
        r = compare_place(comparison, order <= 0 ? from : NULL, order >= 0 ? to : NULL);
        i += order <= 0;
        j += order >= 0;
    }
    if (r < 0 || after->n_places > 0 || !waits_anew(comparison))
        return r;
    return add(comparison, FORECAST_WAIT, NULL, NULL, after->waits);
}

/* --- of a unit that is in one place --- */

static int compare_moving(const Comparison *comparison, const OutcomePlace *from,
                          const OutcomePlace *to) {
    const char *left = departure(comparison, from);
    _cleanup_free_ char *reason =
        str_printf("%s%s%s", str_or(left, ""), str_is_empty(left) ? "" : "; ", to->reason);
    return reason ? add(comparison, FORECAST_MOVE, from, to, reason) : -ENOMEM;
}

/* What is to follow it, on another machine, has no place. */
static bool next_waits_anew(const Comparison *comparison) {
    return comparison->after->next_waits && !comparison->before->next_waits;
}

static int compare_single(const Comparison *comparison) {
    const OutcomePlace *from = comparison->before->n_places > 0 ? comparison->before->places : NULL,
                       *to = comparison->after->n_places > 0 ? comparison->after->places : NULL;
    if (!to && waits_anew(comparison))
        return add(comparison, FORECAST_WAIT, from, NULL, comparison->after->waits);
    if (!from && !to)
        return 0;
    if (from && to && next_waits_anew(comparison))
        return add(comparison, FORECAST_WAIT, from, to, comparison->after->next_waits);
    if (from && to && !streq(from->machine_id, to->machine_id))
        return compare_moving(comparison, from, to);
    return compare_place(comparison, from, to);
}

/* --- the whole --- */

static bool is_in_many_places(const OutcomeUnit *unit) {
    return unit->n_places > 1 || (unit->is_global && unit->n_places > 0);
}

static int compare_unit(Comparison *comparison, const Outcome *before, const Outcome *after) {
    static const OutcomeUnit nothing = {};
    const OutcomeUnit *was = map_get(before->units, comparison->name),
                      *is = map_get(after->units, comparison->name);
    comparison->before = was ? was : &nothing;
    comparison->after = is ? is : &nothing;
    bool is_many = is_in_many_places(comparison->before) || is_in_many_places(comparison->after);
    return is_many ? compare_everywhere(comparison) : compare_single(comparison);
}

/* All names of both. */
static int names_collect(const Outcome *before, const Outcome *after, Map *ret) {
    const char *name;
    _unused_ const void *unit;
    int r = 0;
    MAP_FOREACH (name, unit, before->units)
        r = r < 0 ? r : map_put(ret, name, NULL);
    MAP_FOREACH (name, unit, after->units)
        r = r < 0 ? r : map_put(ret, name, NULL);
    return MIN(r, 0);
}

int outcome_compare(const Outcome *before, const Outcome *after, const Map *departures,
                    Forecast *ret) {
    _cleanup_(map_freep) Map *names = map_new(NULL);
    _cleanup_free_ const char **sorted = NULL;
    Comparison comparison = {.departures = departures, .forecast = ret};
    int r = names ? names_collect(before, after, names) : -ENOMEM;
    if (r >= 0)
        r = map_sorted_keys(names, &sorted);
    for (size_t i = 0; r >= 0 && sorted[i]; i++) {
        comparison.name = sorted[i];
        r = compare_unit(&comparison, before, after);
    }
    return r;
}
