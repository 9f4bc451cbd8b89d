/* What happens, as it happens; and what the cluster has kept of it: where units were. */
#include "fleetctl/api/api-items.h"
#include "fleetctl/api/api-placements.h"
#include "fleetctl/api/event-reader.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/age.h"
#include "fleetctl/print/disarm.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetctl/wait/event-teller.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <time.h>

typedef struct Telling {
    Context *context;
    EventTeller *teller;
    bool is_json;
    Error *reterr;
} Telling;

/* --- printing --- */

static Tone news_tone(const News *news) {
    static const struct {
        const char *kind;
        Tone tone;
    } tones[] = {
        {"failed", TONE_BAD},   {"unhealthy", TONE_BAD}, {"gone", TONE_BAD},
        {"brake", TONE_BAD},    {"active", TONE_GOOD},   {"healthy", TONE_GOOD},
        {"running", TONE_GOOD}, {"inactive", TONE_IDLE}, {"destroyed", TONE_IDLE},
    };
    for (size_t i = 0; i < ELEMENTSOF(tones); i++)
        if (streq(tones[i].kind, news->kind))
            return tones[i].tone;
    return TONE_BUSY;
}

/* A unit leaves a machine; all else happens to it there. */
static const char *preposition(const News *news) {
    return strncmp(news->kind, "le", 2) == 0 ? " " : " on ";
}

/* "web.service placed on 113f16a7.../10.0.0.1: fewest units"; of a machine it comes first. */
static void news_say(const Context *context, const News *news, int64_t time) {
    _cleanup_free_ char *moment = moment_format(time);
    _cleanup_free_ char *label =
        news->machine_id
            ? machine_names_label(context->machines, news->machine_id, context->options->full)
            : NULL;
    _cleanup_free_ char *text = machine_ids_shorten(news->text, context->options->full);
    const char *machine = str_or(label, str_or(news->machine_id, ""));
    say_marked(&context->look, news_tone(news), "%s  %s%s%s%s%s%s%s", str_or(moment, "?"),
               news->unit ? news->unit
               : *machine ? machine
                          : "cluster",
               " ", news->kind, news->unit && *machine ? preposition(news) : "",
               news->unit ? machine : "", news->text ? ": " : "", str_or(text, ""));
}

static int news_print_json(const News *news, int64_t time) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_int(object, "time", time) < 0 ||
        json_add_string(object, "kind", news->kind) < 0 ||
        json_add_nullable(object, "unit", news->unit) < 0 ||
        json_add_nullable(object, "machineID", news->machine_id) < 0 ||
        json_add_nullable(object, "text", news->text) < 0)
        return -ENOMEM;
    _cleanup_free_ char *text = json_format(object);
    if (!text)
        return -ENOMEM;
    json_print_disarmed(text, stdout);
    say_blank_line();
    return 0;
}

static int news_print(const Context *context, const News *news, int64_t time, bool is_json) {
    if (is_json)
        return news_print_json(news, time);
    news_say(context, news, time);
    return 0;
}

/* --- what is kept --- */

typedef struct Former { /* borrows from the answers */
    News news;
    int64_t time, number;
} Former;

typedef struct Formers {
    Former *items;
    size_t n;
} Formers;

static int formers_add(Formers *formers, const char *kind, const ApiUnit *unit,
                       const ApiPlacement *place, int64_t time, const char *text) {
    Former *items = reallocarray(formers->items, formers->n + 1, sizeof(Former));
    if (!items)
        return -ENOMEM;
    formers->items = items;
    items[formers->n++] =
        (Former){.news = {kind, (char *) unit->name, (char *) place->machine_id, (char *) text},
                 .time = time,
                 .number = place->number};
    return 0;
}

/* The beginning and the end of each placement. */
static int formers_take(Formers *formers, const ApiUnit *unit, const ApiPlacements *placements) {
    int r = 0;
    for (size_t i = 0; i < placements->n && r >= 0; i++) {
        const ApiPlacement *place = &placements->items[i];
        if (place->since > 0)
            r = formers_add(formers, "placed", unit, place, place->since, place->reason);
        if (r >= 0 && place->until > 0)
            r = formers_add(formers, "left", unit, place, place->until, place->ended);
    }
    return r;
}

/* Of one second: a unit leaves before it is placed anew. */
static int former_compare(const void *p, const void *q) {
    const Former *a = p, *b = q;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    int order = strcmp(a->news.unit, b->news.unit);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static int units_take(Context *context, const ApiUnit *const *units, size_t n,
                      ApiPlacements *placements, Formers *formers, Error *reterr) {
    int r = 0;
    for (size_t i = 0; i < n && r >= 0; i++) {
        r = api_get_placements(context->api, units[i]->name, &placements[i], reterr);
        if (r >= 0)
            r = formers_take(formers, units[i], &placements[i]);
    }
    return r;
}

static int formers_print(const Context *context, Formers *formers, bool is_json) {
    int r = 0;
    if (formers->n > 0)
        qsort(formers->items, formers->n, sizeof(Former), former_compare);
    for (size_t i = 0; i < formers->n && r >= 0; i++)
        r = news_print(context, &formers->items[i].news, formers->items[i].time, is_json);
    return r;
}

static int units_list(Context *context, const ApiUnit *const *units, size_t n, bool is_json,
                      Error *reterr) {
    Formers formers = {};
    ApiPlacements *placements = calloc(n + 1, sizeof(ApiPlacements));
    int r = placements ? units_take(context, units, n, placements, &formers, reterr) : -ENOMEM;
    if (r >= 0)
        r = formers_print(context, &formers, is_json);
    for (size_t i = 0; placements && i < n; i++)
        api_placements_done(&placements[i]);
    free(placements);
    free(formers.items);
    return r;
}

static int all_list(Context *context, bool is_json, Error *reterr) {
    _cleanup_api_units_ ApiUnits units = {};
    int r = api_list_units(context->api, &units, reterr);
    _cleanup_free_ const ApiUnit **each = calloc(units.n + 1, sizeof(ApiUnit *));
    if (r < 0 || !each)
        return r < 0 ? r : -ENOMEM;
    for (size_t i = 0; i < units.n; i++)
        each[i] = &units.items[i];
    return units_list(context, each, units.n, is_json, reterr);
}

static int events_list(Context *context, const char *const *operands, bool is_json, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    if (!operands[0])
        return all_list(context, is_json, reterr);
    int r = unit_select(context->api, operands, GLOB_NO_TEMPLATES, &selection, reterr);
    if (r >= 0)
        r = units_list(context, selection.known, selection.n_known, is_json, reterr);
    if (r < 0)
        return r;
    return unit_selection_complain(context->api, &selection) ? EXIT_FAILURE : 0;
}

/* --- following --- */

static int on_line(const char *line, size_t size, void *userdata) {
    Telling *telling = userdata;
    return event_teller_feed(telling->teller, line, size, telling->reterr);
}

static void on_begin(_unused_ void *userdata) {
}

/* A name may have to be asked for, and while that request runs the stream goes on: there may be
 * more news then, elsewhere in memory. */
static void tell(void *userdata) {
    const Telling *telling = userdata;
    const News *next;
    for (size_t i = 0; (next = event_teller_get(telling->teller, i)); i++) {
        News news = *next;
        (void) news_print(telling->context, &news, (int64_t) time(NULL), telling->is_json);
    }
    event_teller_clear(telling->teller);
    (void) say_flush(); /* main() tells when it fails */
}

static bool is_over(_unused_ const void *userdata) {
    return false;
}

static int path_make(const char *const *operands, char **ret) {
    _cleanup_(strv_freep) char **names = NULL;
    for (size_t i = 0; operands[i]; i++) {
        bool is_whole = operands[i][strcspn(operands[i], ".*?[")];
        _cleanup_free_ char *name = str_printf("%s%s", operands[i], is_whole ? "" : ".service");
        if (!name || strv_push(&names, name) < 0)
            return -ENOMEM;
    }
    *ret = event_reader_path((const char *const *) names, strv_length(names), 0);
    return *ret ? 0 : -ENOMEM;
}

/* A name that is mistyped would be followed for ever; a glob may mean what is to come. 1: some are
 * unknown, which has been said. */
static int names_complain(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_(strv_freep) char **names = NULL;
    int r = 0;
    STRV_FOREACH (operand, operands)
        if (r >= 0 && !operand_is_glob(*operand))
            r = strv_push(&names, *operand);
    if (r < 0 || !names)
        return r;
    r = unit_select(context->api, (const char *const *) names, GLOB_ALL_UNITS, &selection, reterr);
    return r < 0 ? r : unit_selection_complain(context->api, &selection) ? EXIT_FAILURE : 0;
}

static int form_choose(const char *output, bool *ret_is_json, Error *reterr) {
    if (output && !streq(output, "text") && !streq(output, "json"))
        return error_set(reterr, -EINVAL, "--output: unknown format '%s'; there are text and json",
                         output);
    *ret_is_json = output && streq(output, "json");
    return 0;
}

static int events_follow(Context *context, const char *const *operands, bool is_json,
                         Error *reterr) {
    _cleanup_(event_teller_freep) EventTeller *teller = NULL;
    _cleanup_free_ char *path = NULL;
    Telling telling = {.context = context, .is_json = is_json, .reterr = reterr};
    int r = names_complain(context, operands, reterr);
    if (r != 0)
        return r;
    r = event_teller_new(&teller);
    if (r >= 0)
        r = path_make(operands, &path);
    if (r < 0)
        return r;
    telling.teller = teller;
    const EventFollower follower = {.on_begin = on_begin,
                                    .on_line = on_line,
                                    .tell = tell,
                                    .is_over = is_over,
                                    .userdata = &telling};
    r = event_follow(context, path, &follower, reterr);
    return r == EXIT_INTERRUPTED ? 0 : r;
}

int command_events(Context *context, const char *const *operands, Error *reterr) {
    bool is_json = false;
    int r = form_choose(context->options->output, &is_json, reterr);
    if (r < 0)
        return r;
    return context->options->follow ? events_follow(context, operands, is_json, reterr)
                                    : events_list(context, operands, is_json, reterr);
}
