#include "fleetd/engine/rollout-writer.h"

#include "fleetd/model/keys.h"
#include "fleetd/store/unit-versions.h"

#include <errno.h>

/* The record, and one unit with its version. */
#define COMPARES_MAX 4
#define WRITES_MAX (3 + VERSION_WRITES_MAX)
#define TEXTS_MAX 6 /* keys of record, deployment, unit and file; values of unit and record */

typedef struct RolloutWrite {
    StoreCompare compares[COMPARES_MAX];
    StoreWrite writes[WRITES_MAX];
    size_t n_compares, n_writes;
    char *texts[TEXTS_MAX];
    size_t n_texts;
    VersionWrites versions;
} RolloutWrite;

static void write_done(RolloutWrite *write) {
    for (size_t i = 0; i < write->n_texts; i++)
        free(write->texts[i]);
    version_writes_done(&write->versions);
}
#define _cleanup_write_ _cleanup_(write_done)

/* NULL for what could not be made. */
static char *keep_take(RolloutWrite *write, char *text) {
    if (text)
        write->texts[write->n_texts++] = text;
    return text;
}

/* The transaction holds only while the key is as of that revision. NULL: out of memory. */
static const char *expect_take(RolloutWrite *write, char *key_take, int64_t revision) {
    const char *key = keep_take(write, key_take);
    if (key)
        write->compares[write->n_compares++] =
            (StoreCompare){.key = key, .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    return key;
}

/* value NULL: the key goes. */
static void add_write(RolloutWrite *write, const char *key, const char *value) {
    write->writes[write->n_writes++] =
        (StoreWrite){.kind = value ? STORE_PUT : STORE_DELETE, .key = key, .value = value};
}

static int send(SideWork *work, RolloutWrite *write, StoreTxnDone done) {
    write->compares[write->n_compares++] = side_work_fence(work);
    const StoreTxn txn = {.compares = write->compares,
                          .n_compares = write->n_compares,
                          .writes = write->writes,
                          .n_writes = write->n_writes};
    return side_work_write(work, &txn, done);
}

typedef struct RecordKeys {
    const char *deployment, *rollout;
} RecordKeys;

/* What was decided on is as it was. */
static int expect_records(RolloutWrite *write, const char *name, const FeedRollout *known,
                          RecordKeys *ret) {
    ret->deployment = expect_take(write, key_deployment(name), known->deployment_revision);
    ret->rollout = expect_take(write, key_rollout(name), known->rollout_revision);
    return ret->deployment && ret->rollout ? 0 : -ENOMEM;
}

/* As with the API: the file comes with the unit, also if it is there. Whoever is about to collect
 * it finds that it has changed. */
static int add_file(const SideWork *work, RolloutWrite *write, const char *hash) {
    const UnitFile *file = feed_file(work->options.feed, hash);
    const char *key = keep_take(write, key_file(hash));
    size_t size;
    if (!file || !key)
        return file ? -ENOMEM : -ENOENT;
    const char *text = unit_file_text(file, &size);
    write->writes[write->n_writes++] =
        (StoreWrite){.kind = STORE_PUT, .key = key, .value = text, .value_size = size};
    return 0;
}

static int add_new_file(const SideWork *work, RolloutWrite *write, const RolloutStep *step,
                        const Unit *known, Unit *unit) {
    UnitVersionStep version = unit_version_step(known, 0);
    unit->hash = (char *) step->hash;
    unit->version = version.number;
    int r = version_writes_fill(unit, known, &version, side_work_now(work), &write->versions);
    return r < 0 ? r : add_file(work, write, step->hash);
}

/* The unit with its new file, which becomes a version of it, or to be restarted with the one that
 * it has. A template that the cluster did not know is there from then on. */
static int add_unit(const SideWork *work, RolloutWrite *write, const RolloutStep *step) {
    const Unit *known = map_get(feed_units(work->options.feed), step->unit);
    Unit unit = known ? *known : (Unit){.name = (char *) step->unit};
    unit.restart = MAX(unit.restart, step->restart);
    int r = step->restart > 0 ? 0 : add_new_file(work, write, step, known, &unit);
    const char *key = expect_take(write, key_unit(step->unit), known ? known->revision : 0);
    const char *value = keep_take(write, unit_format(&unit));
    if (r < 0 || !key || !value)
        return r < 0 ? r : -ENOMEM;
    for (size_t i = 0; i < write->versions.n; i++)
        write->writes[write->n_writes++] = write->versions.writes[i];
    add_write(write, key, value);
    return 0;
}

int rollout_writer_put(SideWork *work, const char *name, const FeedRollout *known,
                       const RolloutStep *step, StoreTxnDone done) {
    _cleanup_write_ RolloutWrite write = {};
    RecordKeys keys;
    int r = expect_records(&write, name, known, &keys);
    if (r >= 0 && step->unit)
        r = add_unit(work, &write, step);
    const char *value = keep_take(&write, rollout_format(step->next));
    if (r < 0 || !value)
        return r < 0 ? r : -ENOMEM;
    add_write(&write, keys.rollout, value);
    return send(work, &write, done);
}

int rollout_writer_drop(SideWork *work, const char *name, const FeedRollout *known,
                        StoreTxnDone done) {
    _cleanup_write_ RolloutWrite write = {};
    RecordKeys keys;
    int r = expect_records(&write, name, known, &keys);
    if (r < 0)
        return r;
    add_write(&write, keys.deployment, NULL);
    add_write(&write, keys.rollout, NULL);
    return send(work, &write, done);
}
