#include "fleetd/store/unit-versions.h"

#include <errno.h>

/* NULL for what could not be made. */
static const char *keep_take(VersionWrites *writes, char *text) {
    if (text)
        writes->texts[writes->n_texts++] = text;
    return text;
}

static int add(VersionWrites *writes, StoreWrite write) {
    if (!write.key || (write.kind == STORE_PUT && !write.value))
        return -ENOMEM;
    writes->writes[writes->n++] = write;
    return 0;
}

static int add_put(VersionWrites *writes, const char *name, const UnitVersion *version) {
    const char *key = keep_take(writes, key_version(name, version->number));
    const char *value = keep_take(writes, unit_version_format(version));
    return add(writes, (StoreWrite){.kind = STORE_PUT, .key = key, .value = value});
}

static int add_delete(VersionWrites *writes, const char *name, int64_t number) {
    const char *key = keep_take(writes, key_version(name, number));
    return add(writes, (StoreWrite){.kind = STORE_DELETE, .key = key});
}

int version_writes_fill(const Unit *unit, const Unit *known, const UnitVersionStep *step,
                        usec_t now_usec, VersionWrites *ret) {
    const UnitVersion version = {.number = step->number, .hash = unit->hash, .time_usec = now_usec};
    int r = 0;
    if (step->before > 0)
        r = add_put(ret, unit->name, &(UnitVersion){.number = step->before, .hash = known->hash});
    if (r >= 0)
        r = add_put(ret, unit->name, &version);
    if (r >= 0 && step->dropped > 0)
        r = add_delete(ret, unit->name, step->dropped);
    return r;
}

void version_writes_done(VersionWrites *writes) {
    for (size_t i = 0; i < writes->n_texts; i++)
        free(writes->texts[i]);
    *writes = (VersionWrites){};
}
