/* Today's code and what earlier versions wrote to the store. */
#include "fleetd/model/cluster-id.h"
#include "fleetd/model/leader.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/store/embedded-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"
#include "tests/upgrade/stored.h"

#include "fleetd/base/strv.h"

typedef struct Line {
    const char *key, *value;
    bool has_lease;
} Line;

static Line line_get(json_object *lines, size_t i) {
    json_object *object = json_object_array_get_idx(lines, i);
    Line line = {};
    assert_int_equal(json_need_string(object, "key", &line.key, NULL), 0);
    assert_int_equal(json_need_string(object, "value", &line.value, NULL), 0);
    assert_int_equal(json_get_bool(object, "lease", &line.has_lease, NULL), 1);
    return line;
}

static int line_parse(const Line *line, const char *value, StoredRecord *ret, Error *reterr) {
    const StoredText text = {
        .key = line->key,
        .value = value,
        .size = strlen(value),
        .revision = 7,
        .lease = line->has_lease ? 5 : 0,
    };
    return stored_record_parse(&text, ret, reterr);
}

/* As today's code would write it. Each kind has a case: a new one does not compile without. */
static char *record_write(const StoredRecord *record) {
    size_t size;
    switch (record->key.kind) {
    case KEY_UNIT:
        return unit_format(record->unit);
    case KEY_FILE:
        return strdup(unit_file_text(record->file, &size));
    case KEY_MACHINE:
        return machine_format(record->machine);
    case KEY_METADATA:
        return strdup(record->metadata);
    case KEY_SCHEDULE:
        return order_format(record->order);
    case KEY_STATE:
        return unit_state_format(record->state);
    case KEY_PENDING:
        return pending_format(record->pending);
    case KEY_LEADER:
        return leader_format(record->leader);
    case KEY_ORPHAN:
        return orphan_format(record->orphan);
    case KEY_CLUSTER:
        return cluster_id_format(record->cluster_id);
    case KEY_BRAKE:
        return brake_record_format(record->brake);
    case KEY_MAINTENANCE:
        return maintenance_format(record->maintenance);
    case KEY_VERSION:
        return unit_version_format(record->version);
    case KEY_REBOOT:
        return reboot_format(record->reboot);
    case KEY_DEPLOYMENT:
        return deployment_format(record->deployment);
    case KEY_ROLLOUT:
        return rollout_format(record->rollout);
    case KEY_PAST:
        return past_placement_format(record->past);
    case KEY_FAILURES:
        return failures_format(record->failures);
    case KEY_SCALE:
        return template_scale_format(record->scale);
    case KEY_REBALANCE:
        return rebalance_format(record->rebalance);
    case _KEY_KIND_MAX:
    case _KEY_KIND_INVALID:
        break;
    }
    return NULL;
}

static json_object *json_of(const char *text) {
    json_object *object = NULL;
    if (json_parse(text, strlen(text), &object, NULL) < 0 ||
        !json_object_is_type(object, json_type_object)) {
        json_object_put(object);
        return NULL;
    }
    return object;
}

/* Nothing that was written is lost on the way through today's structs. */
static void assert_understood(const Line *line, const char *value) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    assert_int_equal(line_parse(line, value, &record, &error), 0);
    if (!record.is_readable)
        fail_msg("%s", error_text(&error, 0));
    _cleanup_free_ char *written = record_write(&record);
    _cleanup_json_ json_object *before = json_of(line->value), *after = json_of(written);
    if (before)
        assert_json_says(after, before);
    else
        assert_string_equal(written, line->value);
}

static void for_each_line(const char *folder, void (*test)(const Line *line)) {
    _cleanup_json_ json_object *lines = stored_read_json_lines(folder, "store.jsonl");
    for (size_t i = 0; i < json_object_array_length(lines); i++) {
        Line line = line_get(lines, i);
        test(&line);
    }
}

static void line_is_understood(const Line *line) {
    assert_understood(line, line->value);
}

static void records_are_understood(const char *folder) {
    for_each_line(folder, line_is_understood);
}

static void what_was_stored_is_understood(void **state) {
    stored_for_each_version(records_are_understood);
}

/* And the other way round: what comes later, seen from today. */
static void line_with_more_is_understood(const Line *line) {
    _cleanup_json_ json_object *object = json_of(line->value);
    if (!object)
        return;
    assert_int_equal(json_add_string(object, "fieldOfALaterVersion", "x"), 0);
    _cleanup_free_ char *value = json_format(object);
    assert_understood(line, value);
}

static void records_with_more_are_understood(const char *folder) {
    for_each_line(folder, line_with_more_is_understood);
}

static void fields_of_a_later_version_are_ignored(void **state) {
    stored_for_each_version(records_with_more_are_understood);
}

/* docs/architecture.md, "Garbage": not taken for absent, and not for another word. */
static void line_with_a_later_word_is_garbage(const Line *line) {
    static const char *const fields[] = {"desired", "current", "job", "status"};
    for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
        _cleanup_json_ json_object *object = json_of(line->value);
        _cleanup_record_ StoredRecord record = {};
        _cleanup_error_ Error error = {};
        if (!object || !json_object_object_get_ex(object, fields[i], NULL))
            continue;
        assert_int_equal(json_add_string(object, fields[i], "hibernated"), 0);
        _cleanup_free_ char *value = json_format(object);
        assert_int_equal(line_parse(line, value, &record, &error), 0);
        assert_false(record.is_readable);
        assert_non_null(strstr(error.message, "has an unknown value 'hibernated'"));
    }
}

static void records_with_later_words_are_garbage(const char *folder) {
    for_each_line(folder, line_with_a_later_word_is_garbage);
}

static void words_of_a_later_version_are_garbage(void **state) {
    stored_for_each_version(records_with_later_words_are_garbage);
}

static bool is_there[_KEY_KIND_MAX];

static void line_note_kind(const Line *line) {
    _cleanup_key_ Key key = {};
    assert_int_equal(key_parse(line->key, &key, NULL), 0);
    is_there[key.kind] = true;
}

static void kinds_are_noted(const char *folder) {
    for_each_line(folder, line_note_kind);
}

static void every_kind_of_key_was_stored(void **state) {
    stored_for_each_version(kinds_are_noted);
    for (KeyKind kind = 0; kind < _KEY_KIND_MAX; kind++)
        if (!is_there[kind])
            fail_msg("no version has stored a key of kind %d (fleetd/model/keys.h)", kind);
}

static void embedded_store_is_read(const char *folder) {
    char *top = temporary_directory_new();
    _cleanup_free_ char *path = str_printf("%s/fleet.db", top);
    _cleanup_error_ Error error = {};
    StoreSync sync = {.loop = virtual_loop_new(1), .run_until = virtual_loop_run_until};
    stored_copy(folder, "store.db", path);
    if (embedded_store_open(sync.loop, path, &sync.store, &error) < 0)
        fail_msg("%s", error_text(&error, 0));
    _cleanup_range_ StoreRangeResult all = {};
    assert_int_equal(store_sync_range(&sync, &(StoreRange){.key = "", .is_prefix = true}, &all), 0);
    assert_true(all.n_entries >= 10);
    for (size_t i = 0; i < all.n_entries; i++) {
        _cleanup_free_ char *value = strndup(all.entries[i].value, all.entries[i].value_size);
        line_is_understood(&(Line){.key = all.entries[i].key, .value = value});
        assert_true(all.entries[i].mod_revision <= all.revision);
    }
    assert_int_equal(store_sync_put(&sync, "metadata/x", "y", 0), 0);
    assert_true(store_sync_revision(&sync) > all.revision);
    store_free(sync.store);
    virtual_loop_free(sync.loop);
    temporary_directory_free(top);
}

static void embedded_stores_are_read_and_written_on(void **state) {
    stored_for_each_version(embedded_store_is_read);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_stored_is_understood),
        cmocka_unit_test(fields_of_a_later_version_are_ignored),
        cmocka_unit_test(words_of_a_later_version_are_garbage),
        cmocka_unit_test(every_kind_of_key_was_stored),
        cmocka_unit_test(embedded_stores_are_read_and_written_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
