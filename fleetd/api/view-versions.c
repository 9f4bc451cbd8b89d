/* The versions of a unit in a view. What a destroyed unit of the same name has left, or was given
 * by hand, stands in the store beyond the number that the present unit has come to: it is not
 * shown. */
#include "fleetd/api/view-internal.h"

#include "fleetd/base/strv.h"

#include <errno.h>

/* The place of a number, or of the next higher one. */
static size_t version_place(const UnitView *unit, int64_t number) {
    size_t i = 0;
    while (i < unit->n_versions && unit->versions[i]->number < number)
        i++;
    return i;
}

static bool has_at(const UnitView *unit, size_t place, int64_t number) {
    return place < unit->n_versions && unit->versions[place]->number == number;
}

const UnitVersion *unit_view_find_version(const UnitView *unit, int64_t number) {
    size_t place = version_place(unit, number);
    return has_at(unit, place, number) ? unit->versions[place] : NULL;
}

static void version_remove(UnitView *unit, size_t place) {
    unit_version_free(unit->versions[place]);
    unit->n_versions--;
    memmove(&unit->versions[place], &unit->versions[place + 1],
            (unit->n_versions - place) * sizeof(UnitVersion *));
}

static int version_insert_take(UnitView *unit, size_t place, UnitVersion *version) {
    UnitVersion **longer =
        reallocarray(unit->versions, unit->n_versions + 1, sizeof(UnitVersion *));
    if (!longer) {
        unit_version_free(version);
        return -ENOMEM;
    }
    unit->versions = longer;
    memmove(&longer[place + 1], &longer[place], (unit->n_versions - place) * sizeof(UnitVersion *));
    longer[place] = version;
    unit->n_versions++;
    return 0;
}

int unit_view_set_version_take(UnitView *unit, int64_t number, UnitVersion *version) {
    size_t place = version_place(unit, number);
    if (has_at(unit, place, number))
        version_remove(unit, place);
    return version ? version_insert_take(unit, place, version) : 0;
}

void unit_view_drop_versions(UnitView *unit) {
    for (size_t i = 0; i < unit->n_versions; i++)
        unit_version_free(unit->versions[i]);
    free(TAKE_PTR(unit->versions));
    unit->n_versions = 0;
}

size_t unit_view_n_versions(const UnitView *unit) {
    return unit->unit ? version_place(unit, unit->unit->version + 1) : 0;
}

/* A fleetd that knows of no versions gives a unit another file and leaves the number as it was. */
int64_t unit_view_version(const UnitView *unit) {
    const UnitVersion *version = unit_view_find_version(unit, unit->unit->version);
    return version && streq(version->hash, unit->unit->hash) ? version->number : 0;
}
