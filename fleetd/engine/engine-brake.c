/* The brake's record in the store, which outlives the leader: written whenever it differs from what
 * the brake says, one write at a time. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/engine/engine-internal.h"
#include "fleetd/model/keys.h"

#include <errno.h>

static void brake_look(Engine *engine) {
    timer_start_if_idle(engine->brake_timer, 0);
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Engine *engine = userdata;
    engine->brake_op = NULL;
    bool is_written = r >= 0 && result->succeeded;
    if (is_written && mirror_revision(engine->mirror) < result->revision)
        return; /* the mirror tells of it */
    if (is_written)
        brake_look(engine); /* it has told, and nobody has looked since */
    else
        timer_start(engine->brake_timer, ENGINE_RETRY_USEC);
}

static int brake_write(Engine *engine, const char *value) {
    StoreCompare compares[] = {
        leadership_fence(engine->leadership),
        {.key = KEY_BRAKE_TEXT,
         .target = STORE_COMPARE_MOD_REVISION,
         .number = engine->brake_revision},
    };
    StoreWrite write = {
        .kind = value ? STORE_PUT : STORE_DELETE, .key = KEY_BRAKE_TEXT, .value = value};
    StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &write, .n_writes = 1};
    return store_txn(engine->store, &txn, on_written, engine, &engine->brake_op);
}

static int brake_try(Engine *engine) {
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    int r = brake_get_record(engine->brake, &record);
    if (r < 0)
        return r;
    _cleanup_free_ char *value = record ? brake_record_format(record) : NULL;
    if (record && !value)
        return -ENOMEM;
    bool is_as_stored = record ? streq_ptr(value, engine->brake_text) : engine->brake_revision == 0;
    return is_as_stored ? 0 : brake_write(engine, value);
}

/* A model that is being loaded does not know yet what stands there. */
static void on_timer(void *userdata) {
    Engine *engine = userdata;
    if (engine->brake_op)
        return; /* its end, or the mirror, looks again */
    bool may_write = engine_has_model(engine) && leadership_is_sure(engine->leadership);
    int r = may_write ? brake_try(engine) : -EAGAIN;
    if (r < 0)
        timer_start(engine->brake_timer, ENGINE_RETRY_USEC);
}

/* --- what the brake says --- */

static void on_release(const char *machine_id, void *userdata) {
    engine_give_up(userdata, machine_id);
}

static void on_change(void *userdata) {
    Engine *engine = userdata;
    brake_look(engine);
    engine_look(engine); /* what was held back meanwhile */
}

/* Units that have no place yet may be about to get one. */
static bool is_busy(void *userdata) {
    const Engine *engine = userdata;
    return engine->state != ENGINE_READY || cluster_has_work(engine->cluster) ||
           cluster_count_starting(engine->cluster) > 0;
}

/* --- what the store says --- */

int engine_take_brake_record(Engine *engine, const BrakeRecord *record, int64_t revision) {
    _cleanup_free_ char *text = record ? brake_record_format(record) : NULL;
    if (record && !text)
        return -ENOMEM;
    free(engine->brake_text);
    engine->brake_text = TAKE_PTR(text);
    engine->brake_revision = revision;
    if (engine_has_model(engine))
        brake_take_record(engine->brake, record);
    brake_look(engine);
    return 0;
}

/* Only those that are waited for: what has come back meanwhile, or has no orders any more, nobody
 * would ever find to be gone. */
static int engine_expect(Engine *engine, char *const *machines) {
    int r = 0;
    STRV_FOREACH (id, machines)
        if (r >= 0 && absence_has(engine->absence, *id))
            r = brake_expect(engine->brake, *id);
    return r;
}

int engine_adopt_brake(Engine *engine) {
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    if (!engine->brake_text)
        return 0;
    int r = brake_record_parse(engine->brake_text, strlen(engine->brake_text), &record, NULL);
    if (r < 0)
        return r;
    brake_adopt(engine->brake, record);
    return engine_expect(engine, record->machines);
}

int engine_open_brake(Engine *engine) {
    static const BrakeCallbacks callbacks = {
        .on_release = on_release, .on_change = on_change, .is_busy = is_busy};
    int r = brake_new(engine->loop, engine->agent_ttl_usec, engine->failover_hold_usec, &callbacks,
                      engine, &engine->brake);
    return r < 0 ? r : timer_new(engine->loop, on_timer, engine, &engine->brake_timer);
}

void engine_close_brake(Engine *engine) {
    store_op_cancel(TAKE_PTR(engine->brake_op));
    timer_free(TAKE_PTR(engine->brake_timer));
    brake_free(TAKE_PTR(engine->brake));
    free(TAKE_PTR(engine->brake_text));
    engine->brake_revision = 0;
}
