#include "fleetd/api/unit-commit.h"

#include "fleetd/store/unit-removal.h"
#include "fleetd/store/unit-versions.h"

#include <errno.h>

static void write_commit(UnitWrite *write, const StoreWrite *writes, size_t n_writes,
                         unsigned status) {
    const StoreCompare compare = {
        .key = write->key,
        .target = STORE_COMPARE_MOD_REVISION,
        .number = write->mod_revision,
    };
    const StoreTxn txn = {
        .compares = &compare,
        .n_compares = 1,
        .writes = writes,
        .n_writes = n_writes,
    };
    api_write_commit(&write->base, write->base.api->gathering, &txn, status);
}

/* The file goes first, so that nobody ever sees a unit without it. It is written also when it is
 * there: whoever is about to collect it as unused then finds it changed. */
static void put_commit(UnitWrite *write, const UnitDecision *decision,
                       const VersionWrites *versions) {
    _cleanup_free_ char *value = unit_format(&decision->unit);
    _cleanup_free_ char *file_key = key_file(decision->unit.hash);
    StoreWrite writes[2 + VERSION_WRITES_MAX];
    size_t n = 0;
    if (!value || !file_key) {
        api_write_fail(&write->base, -ENOMEM);
        return;
    }
    if (decision->writes_file) {
        writes[n] = (StoreWrite){.kind = STORE_PUT, .key = file_key};
        writes[n].value = unit_file_text(write->request.file, &writes[n].value_size);
        n++;
    }
    for (size_t i = 0; i < versions->n; i++)
        writes[n++] = versions->writes[i];
    writes[n++] = (StoreWrite){.kind = STORE_PUT, .key = write->key, .value = value};
    write_commit(write, writes, n, decision->status);
}

void unit_write_put(UnitWrite *write, const Unit *known, UnitDecision *decision) {
    _cleanup_version_writes_ VersionWrites versions = {};
    int r = 0;
    if (decision->has_new_file) {
        UnitVersionStep step = unit_version_step(known, write->last_version);
        decision->unit.version = step.number;
        r = version_writes_fill(&decision->unit, known, &step,
                                loop_realtime(write->base.api->options.loop), &versions);
    }
    if (r < 0)
        api_write_fail(&write->base, r);
    else
        put_commit(write, decision, &versions);
}

void unit_write_delete(UnitWrite *write) {
    _cleanup_unit_removal_ UnitRemoval removal = {};
    if (unit_removal_fill(write->request.name, &removal) < 0)
        api_write_fail(&write->base, -ENOMEM);
    else
        write_commit(write, removal.writes, removal.n, 204);
}
