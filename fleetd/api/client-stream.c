#include "fleetd/api/client-stream.h"

#include "fleetd/api/api-json.h"
#include "fleetd/api/page.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define PIECE_SIZE (64 * 1024) /* bytes of the present that are queued at once */

void stream_free(Stream *stream) {
    if (!stream)
        return;
    subscription_remove(stream->subscription);
    free(stream->cursor);
    free(stream);
}
DEFINE_POINTER_CLEANUP(Stream, stream_free)

int stream_new(Events *events, Subscriptions *subscriptions, ApiExchange *exchange,
               char *const *patterns, Stream **ret) {
    _cleanup_(stream_freep) Stream *stream = calloc(1, sizeof(Stream));
    if (!stream)
        return -ENOMEM;
    stream->events = events;
    stream->exchange = exchange;
    int r = subscriptions_add(subscriptions, patterns, stream, &stream->subscription);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(stream);
    return 0;
}

void stream_write(Stream *stream, const char *line) {
    size_t size = line ? strlen(line) : 0;
    if (stream->is_broken)
        return;
    stream->n_queued += size;
    if (!line || stream->exchange->vtable->write(stream->exchange, line, size) < 0)
        stream->is_broken = true;
}

char *line_format_take(json_object *object) {
    _cleanup_json_ json_object *taken = object;
    _cleanup_free_ char *text = taken ? json_format(taken) : NULL;
    return text ? str_printf("%s\n", text) : NULL;
}

void unit_lines_each(const View *view, const UnitView *unit, bool is_present, LineSend send,
                     void *userdata) {
    bool may_be_the_end = false; /* a placement has ended, or has turned out to be none */
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements) {
        bool is_over = placement_has_ended(placement);
        may_be_the_end |= is_over || (placement->is_changed && placement_is_orphaned(placement));
        if (is_present ? !is_over : unit->is_changed || placement->is_changed)
            send(line_format_take(unit_event_to_json(view, unit, placement)), unit, userdata);
    }
    if (!unit_view_is_placed(unit) && (is_present || unit->is_changed || may_be_the_end))
        send(line_format_take(unit_event_to_json(view, unit, NULL)), unit, userdata);
    if (is_present ? unit->deployment != NULL : unit->is_rollout_changed)
        send(line_format_take(rollout_event_to_json(unit)), unit, userdata);
    if (is_present ? unit->scale != NULL : unit->is_scale_changed)
        send(line_format_take(scale_event_to_json(view, unit)), unit, userdata);
}

static void send_to_stream(char *line_take, const UnitView *unit, void *userdata) {
    _cleanup_free_ char *line = line_take;
    stream_write(userdata, line);
}

/* The present, step by step: each tells one thing and answers 1, or 0 when its phase is over. */

static int step_to(Stream *stream, const char *name) {
    return str_replace(&stream->cursor, name) < 0 ? -ENOMEM : 1;
}

/* One that is to be rebooted is told also while it is away for that: else it would seem that this
 * was cancelled. */
static bool is_told(const MachineView *machine) {
    return machine_view_is_present(machine) || machine->reboot;
}

static int tell_machine(Stream *stream, View *view) {
    const char *const *ids;
    size_t n;
    if (!subscription_wants_all(stream->subscription))
        return 0;
    int r = view_machine_ids(view, &ids, &n);
    if (r < 0)
        return r;
    size_t i = names_after(ids, n, stream->cursor);
    if (i == n)
        return 0;
    const MachineView *machine = view_find_machine(view, ids[i]);
    if (is_told(machine)) {
        _cleanup_free_ char *line = line_format_take(machine_event_to_json(view, machine));
        stream_write(stream, line);
    }
    return step_to(stream, ids[i]);
}

static bool is_matched(const Stream *stream, const UnitView *unit) {
    return (unit->unit || unit->deployment || unit->scale || map_size(unit->placements) > 0) &&
           subscription_matches(stream->subscription, unit->name);
}

static int tell_match(Stream *stream, View *view) {
    const char *const *names;
    size_t n;
    if (!subscription_is_wide(stream->subscription))
        return 0;
    int r = view_unit_names(view, &names, &n);
    if (r < 0)
        return r;
    size_t i = names_after(names, n, stream->cursor);
    while (i < n && !is_matched(stream, view_find_unit(view, names[i])))
        i++;
    if (i == n)
        return 0;
    unit_lines_each(view, view_find_unit(view, names[i]), true, send_to_stream, stream);
    return step_to(stream, names[i]);
}

static int tell_names(Stream *stream, View *view) {
    STRV_FOREACH (name, subscription_names(stream->subscription)) {
        const UnitView *unit = view_find_unit(view, *name);
        const UnitView unknown = {.name = *name};
        if (!unit || !is_matched(stream, unit)) /* else it was told already */
            unit_lines_each(view, unit ? unit : &unknown, true, send_to_stream, stream);
    }
    return 0;
}

static void tell_failover(Stream *stream, const View *view) {
    const BrakeRecord *brake = view_brake(view);
    if (!brake || !subscription_wants_all(stream->subscription))
        return;
    _cleanup_free_ char *line = line_format_take(failover_event_to_json(brake));
    stream_write(stream, line);
}

static void tell_rebalance(Stream *stream, const View *view) {
    const Rebalance *rebalance = view_rebalance(view);
    if (!rebalance || !subscription_wants_all(stream->subscription))
        return;
    _cleanup_free_ char *line = line_format_take(rebalance_event_to_json(rebalance));
    stream_write(stream, line);
}

static int tell_synced(Stream *stream, View *view) {
    tell_failover(stream, view);
    tell_rebalance(stream, view);
    _cleanup_free_ char *line = line_format_take(synced_event_to_json(view_revision(view)));
    stream_write(stream, line);
    return 0;
}

/* Not while the view is being listed anew: it may then show a mixture. */
void stream_tell(Stream *stream, View *view) {
    static int (*const steps[_STREAM_PHASE_MAX])(Stream *, View *) = {
        [STREAM_MACHINES] = tell_machine,
        [STREAM_MATCHES] = tell_match,
        [STREAM_NAMES] = tell_names,
        [STREAM_SYNCED] = tell_synced,
    };
    while (stream->phase < STREAM_LIVE && stream->n_queued < PIECE_SIZE && !stream->is_broken &&
           view_is_synced(view)) {
        int r = steps[stream->phase](stream, view);
        if (r < 0)
            stream->is_broken = true;
        if (r != 0)
            continue;
        stream->phase++;
        str_replace(&stream->cursor, NULL);
    }
}
