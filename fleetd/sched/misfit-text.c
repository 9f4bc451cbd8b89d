/* Why a unit does not fit a machine, in words. */
#include "fleetd/base/byte-size.h"
#include "fleetd/base/strv.h"
#include "fleetd/sched/feasible.h"

typedef struct MisfitWords {
    const char *before, *after; /* the name */
} MisfitWords;

static const MisfitWords words[_MISFIT_KIND_MAX] = {
    [MISFIT_RESTARTING] = {"fleetd is restarting", ""},
    [MISFIT_CORDONED] = {"is cordoned", ""},
    [MISFIT_DRAINED] = {"is being drained", ""},
    [MISFIT_UNREADABLE] = {"has a record in the store that cannot be read", ""},
    [MISFIT_MACHINE_ID] = {"is not machine ", ""},
    [MISFIT_MACHINE_OF] = {"does not have ", " (MachineOf)"},
    [MISFIT_CONFLICT] = {"conflicts with ", ""},
    [MISFIT_ORPHAN] = {"conflicts with orphan ", ", which is of another cluster"},
    [MISFIT_HELD] = {"is held by ", ", which replaces it"},
    [MISFIT_UNCLEARED] = {"has not yet cleared away its last order for it", ""},
    [MISFIT_FORMER] = {"has the unit with its former file", ""},
    [MISFIT_OBSTRUCTED] = {"", ", which it replaces, fits on no other machine"},
};

static char *metadata_text(const Misfit *misfit) {
    const MetadataRequirement *wanted = misfit->metadata;
    if (!misfit->found)
        return str_printf("metadata %s is not set", wanted->key);
    _cleanup_free_ char *values = strv_join(wanted->values, "', '");
    if (!values)
        return NULL;
    return str_printf("metadata %s is '%s', not one of '%s'", wanted->key, misfit->found, values);
}

static char *amount_text(const Misfit *misfit) {
    char *(*format)(uint64_t) = misfit->kind == MISFIT_CPU ? thousandths_format : byte_size_format;
    _cleanup_free_ char *left = format(misfit->left), *capacity = format(misfit->capacity),
                        *asked = format(misfit->asked);
    if (!left || !capacity || !asked)
        return NULL;
    return str_printf("%s %s free of %s, %s asked", misfit->kind == MISFIT_CPU ? "CPU" : "memory",
                      left, capacity, asked);
}

char *misfit_text(const Misfit *misfit) {
    if (misfit->kind == MISFIT_METADATA)
        return metadata_text(misfit);
    if (misfit->kind == MISFIT_MEMORY || misfit->kind == MISFIT_CPU)
        return amount_text(misfit);
    if (misfit->kind == MISFIT_CORDONED || misfit->kind == MISFIT_DRAINED)
        return str_printf("%s%s%s", words[misfit->kind].before, misfit->name ? ": " : "",
                          str_or(misfit->name, ""));
    const MisfitWords *w = &words[misfit->kind];
    return str_printf("%s%s%s", str_or(w->before, ""), str_or(misfit->name, ""),
                      str_or(w->after, ""));
}

char *misfit_leaving_text(const Misfit *misfit) {
    if (misfit->kind == MISFIT_HELD)
        return str_printf("makes room for %s (Replaces)", misfit->name);
    _cleanup_free_ char *text = misfit_text(misfit);
    return text ? str_printf("machine no longer fits: %s", text) : NULL;
}
