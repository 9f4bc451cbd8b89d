/* Which options contradict each other. Each rule is refused at submission, as there would be no
 * machine, or no order of moves, that satisfies both sides. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct Contradiction {
    OptionId a, b;
} Contradiction;

static const Contradiction contradictions[] = {
    {OPTION_MACHINE_ID, OPTION_MACHINE_OF},
    {OPTION_MACHINE_ID, OPTION_CONFLICTS},
    {OPTION_MACHINE_ID, OPTION_GLOBAL},
    {OPTION_MACHINE_ID, OPTION_REPLACES},
    {OPTION_GLOBAL, OPTION_MACHINE_OF},
    {OPTION_GLOBAL, OPTION_REPLACES},
    {OPTION_CONFLICTS, OPTION_REPLACES},
    {OPTION_GLOBAL, OPTION_STOP_AFTER_DISCONNECT},
    {OPTION_SPREAD, OPTION_MACHINE_ID},
    {OPTION_SPREAD, OPTION_MACHINE_OF},
    {OPTION_SPREAD, OPTION_GLOBAL},
    {OPTION_PREFER, OPTION_MACHINE_ID},
    {OPTION_PREFER, OPTION_MACHINE_OF},
    {OPTION_PREFER, OPTION_GLOBAL},
    {OPTION_AVOID, OPTION_MACHINE_ID},
    {OPTION_AVOID, OPTION_MACHINE_OF},
    {OPTION_AVOID, OPTION_GLOBAL},
    {OPTION_PREEMPT, OPTION_GLOBAL},
    {OPTION_PREEMPT, OPTION_MACHINE_OF},
    {OPTION_UPDATE_ORDER, OPTION_GLOBAL},
    {OPTION_UPDATE_ORDER, OPTION_MACHINE_ID},
    {OPTION_UPDATE_ORDER, OPTION_MACHINE_OF},
    {OPTION_UPDATE_ORDER, OPTION_STOP_AFTER_DISCONNECT},
};

static bool option_counts(const RequirementsReader *reader, OptionId id) {
    const Requirements *requirements = reader->requirements;
    return reader->options[id] && (id != OPTION_GLOBAL || requirements->is_global) &&
           (id != OPTION_PREEMPT || requirements->ranking.preempts) &&
           (id != OPTION_UPDATE_ORDER || requirements->update.order == UPDATE_START_FIRST);
}

static int contradiction_refuse(const RequirementsReader *reader, const UnitOption *a,
                                const UnitOption *b) {
    const UnitOption *first = a->line <= b->line ? a : b;
    const UnitOption *second = first == a ? b : a;
    if (first->line == 0)
        return requirements_refuse(reader->reterr, second, "%s contradicts %s", second->name,
                                   first->name);
    return requirements_refuse(reader->reterr, second, "%s contradicts %s in line %u", second->name,
                               first->name, first->line);
}

static int peers_check(const RequirementsReader *reader, OptionId id, char *const *globs) {
    STRV_FOREACH (peer, reader->requirements->machine_of)
        if (requirements_glob_matches(globs, *peer))
            return requirements_refuse(reader->reterr, reader->options[id],
                                       "%s matches '%s', which MachineOf asks for",
                                       reader->options[id]->name, *peer);
    return 0;
}

/* There is nothing to balance. */
static int spread_check(const RequirementsReader *reader) {
    bool has_group = reader->is_template || unit_name_is_instance(reader->unit_name) ||
                     reader->options[OPTION_GROUP];
    if (!reader->options[OPTION_SPREAD] || has_group)
        return 0;
    return requirements_refuse(reader->reterr, reader->options[OPTION_SPREAD],
                               "Spread needs Group, as '%s' is not made of a template",
                               reader->unit_name);
}

int requirements_check_combinations(const RequirementsReader *reader) {
    for (size_t i = 0; i < ELEMENTSOF(contradictions); i++) {
        OptionId a = contradictions[i].a, b = contradictions[i].b;
        if (option_counts(reader, a) && option_counts(reader, b))
            return contradiction_refuse(reader, reader->options[a], reader->options[b]);
    }
    int r = spread_check(reader);
    if (r < 0)
        return r;
    r = peers_check(reader, OPTION_CONFLICTS, reader->requirements->conflicts);
    return r < 0 ? r : peers_check(reader, OPTION_REPLACES, reader->requirements->replaces);
}
