#include "fleetd/sched/kept-files.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct KeptFiles {
    Rollout *rollout; /* NULL: it cannot be read */
    Map *files;       /* Requirements by hash */
};

int kept_files_new(const Rollout *rollout, KeptFiles **ret) {
    _cleanup_(kept_files_freep) KeptFiles *kept = calloc(1, sizeof(KeptFiles));
    if (!kept || !(kept->files = map_new((MapFreeValue) requirements_free)))
        return -ENOMEM;
    int r = rollout ? rollout_copy(rollout, &kept->rollout) : 0;
    if (r < 0)
        return r;
    *ret = TAKE_PTR(kept);
    return 0;
}

void kept_files_free(void *p) {
    KeptFiles *kept = p;
    if (!kept)
        return;
    rollout_free(kept->rollout);
    map_free(kept->files);
    free(kept);
}

int kept_files_add_take(KeptFiles *kept, const char *hash, Requirements *requirements) {
    int r = map_put(kept->files, hash, requirements);
    if (r < 0)
        requirements_free(requirements);
    return MIN(r, 0);
}

bool kept_files_has(const KeptFiles *kept, const char *hash) {
    return map_has(kept->files, hash);
}

static bool machines_are_equal(const Rollout *a, const Rollout *b) {
    if (a->n_units != b->n_units)
        return false;
    for (size_t i = 0; i < a->n_units; i++)
        if (!streq(a->units[i].name, b->units[i].name) ||
            !streq_ptr(a->units[i].keeps, b->units[i].keeps))
            return false;
    return true;
}

bool kept_files_equal(const KeptFiles *a, const KeptFiles *b) {
    if (!a || !b || !a->rollout || !b->rollout)
        return !a == !b && (!a || !a->rollout == !b->rollout);
    return streq(a->rollout->unit_hash, b->rollout->unit_hash) &&
           streq_ptr(a->rollout->before, b->rollout->before) &&
           a->rollout->unit_revision == b->rollout->unit_revision &&
           map_size(a->files) == map_size(b->files) && machines_are_equal(a->rollout, b->rollout);
}

const Rollout *kept_files_rollout(const KeptFiles *kept) {
    return kept->rollout;
}

/* Once somebody has given the unit another file, all is as that one says. A machine that is new
 * begins where those began that wait for their turn. */
const char *kept_files_find(const KeptFiles *kept, const char *machine_id, const char *unit_hash) {
    const Rollout *rollout = kept->rollout;
    if (!streq_ptr(rollout->unit_hash, unit_hash))
        return NULL;
    const RolloutUnit *machine = rollout_find_unit(rollout, machine_id);
    if (machine)
        return machine->keeps;
    return streq_ptr(rollout->before, unit_hash) ? NULL : rollout->before;
}

const Requirements *kept_files_requirements(const KeptFiles *kept, const char *hash) {
    return map_get(kept->files, hash);
}
