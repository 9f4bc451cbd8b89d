#include "fleetd/engine/scale-writer.h"

#include "fleetd/model/keys.h"
#include "fleetd/store/unit-removal.h"
#include "fleetd/store/unit-versions.h"

#include <errno.h>

#define UNIT_TEXTS 3 /* name, key and value */
#define OTHERS 3     /* the wish, the template and its file */
#define COMPARES_MAX (SCALE_BATCH_MAX + OTHERS + 1)

_Static_assert(SCALE_BATCH_MAX *REMOVAL_WRITES_MAX <= STORE_TXN_MAX, "a batch is a transaction");
_Static_assert(SCALE_BATCH_MAX *(1 + VERSION_WRITES_MAX) <= STORE_TXN_MAX,
               "a batch is a transaction");

typedef struct ScaleWrite {
    StoreCompare compares[COMPARES_MAX];
    StoreWrite writes[STORE_TXN_MAX];
    size_t n_compares, n_writes;
    char *texts[SCALE_BATCH_MAX * UNIT_TEXTS + OTHERS];
    size_t n_texts;
    VersionWrites versions[SCALE_BATCH_MAX];
    UnitRemoval removals[SCALE_BATCH_MAX];
} ScaleWrite;

static void write_done(ScaleWrite *write) {
    for (size_t i = 0; i < write->n_texts; i++)
        free(write->texts[i]);
    for (size_t i = 0; i < SCALE_BATCH_MAX; i++) {
        version_writes_done(&write->versions[i]);
        unit_removal_done(&write->removals[i]);
    }
}
#define _cleanup_write_ _cleanup_(write_done)

/* NULL for what could not be made. */
static char *keep_take(ScaleWrite *write, char *text) {
    if (text)
        write->texts[write->n_texts++] = text;
    return text;
}

/* The transaction holds only while the key is as of that revision. NULL: out of memory. */
static const char *expect_take(ScaleWrite *write, char *key_take, int64_t revision) {
    const char *key = keep_take(write, key_take);
    if (key)
        write->compares[write->n_compares++] =
            (StoreCompare){.key = key, .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    return key;
}

static void add_writes(ScaleWrite *write, const StoreWrite *writes, size_t n) {
    memcpy(&write->writes[write->n_writes], writes, n * sizeof(*writes));
    write->n_writes += n;
}

/* --- one instance --- */

/* As a user's request would make it: version 1 of a unit that there was not. */
static int add_creation(const SideWork *work, ScaleWrite *write, const Unit *template,
                        const char *name, size_t i) {
    UnitVersionStep version = unit_version_step(NULL, 0);
    const Unit unit = {.name = (char *) name,
                       .hash = template->hash,
                       .desired = LAUNCH_STATE_LAUNCHED,
                       .version = version.number};
    VersionWrites *versions = &write->versions[i];
    int r = version_writes_fill(&unit, NULL, &version, side_work_now(work), versions);
    const char *key = expect_take(write, key_unit(name), 0);
    const char *value = keep_take(write, unit_format(&unit));
    if (r < 0 || !key || !value)
        return -ENOMEM;
    add_writes(write, versions->writes, versions->n);
    add_writes(write, &(StoreWrite){.kind = STORE_PUT, .key = key, .value = value}, 1);
    return 0;
}

static int add_removal(ScaleWrite *write, const Unit *unit, size_t i) {
    UnitRemoval *removal = &write->removals[i];
    int r = unit_removal_fill(unit->name, removal);
    if (r < 0 || !expect_take(write, key_unit(unit->name), unit->revision))
        return -ENOMEM;
    add_writes(write, removal->writes, removal->n);
    return 0;
}

/* --- all of them --- */

static int expect_template(const SideWork *work, ScaleWrite *write, const Unit *template) {
    int64_t file = feed_file_revision(work->options.feed, template->hash);
    bool is_noted = expect_take(write, key_unit(template->name), template->revision) &&
                    expect_take(write, key_file(template->hash), file);
    return is_noted ? 0 : -ENOMEM;
}

static int fill(const SideWork *work, ScaleWrite *write, const char *name, const ScaleStep *step) {
    const Unit *template = map_get(feed_units(work->options.feed), name);
    int r = step->is_removal ? 0 : expect_template(work, write, template);
    for (size_t i = 0; r >= 0 && i < step->n; i++) {
        const char *instance = keep_take(write, template_instance_name(name, step->numbers[i]));
        if (!instance)
            return -ENOMEM;
        r = step->is_removal
                ? add_removal(write, map_get(feed_units(work->options.feed), instance), i)
                : add_creation(work, write, template, instance, i);
    }
    return r;
}

int scale_writer_put(SideWork *work, const char *template, const FeedScale *known,
                     const ScaleStep *step, StoreTxnDone done) {
    _cleanup_write_ ScaleWrite write = {};
    if (!expect_take(&write, key_scale(template), known->revision) ||
        fill(work, &write, template, step) < 0)
        return -ENOMEM;
    write.compares[write.n_compares++] = side_work_fence(work);
    const StoreTxn txn = {.compares = write.compares,
                          .n_compares = write.n_compares,
                          .writes = write.writes,
                          .n_writes = write.n_writes};
    return side_work_write(work, &txn, done);
}
