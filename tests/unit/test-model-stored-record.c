#include "fleetd/model/stored-record.h"

#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#define M1 "00000000000000000000000000000001"
#define TEXT "[Service]\nExecStart=/bin/true\n"
#define HASH "\"hash\":\"0123456789012345678901234567890123456789\""

static int parse(const char *key, const char *value, size_t size, int64_t lease, StoredRecord *ret,
                 Error *reterr) {
    StoredText text = {.key = key, .value = value, .size = size, .revision = 7, .lease = lease};
    return stored_record_parse(&text, ret, reterr);
}

/* The one pointer of a record that is set. */
static const void *value_of(const StoredRecord *record) {
    const void *values[] = {record->unit,       record->file,        record->machine,
                            record->metadata,   record->order,       record->state,
                            record->pending,    record->leader,      record->orphan,
                            record->cluster_id, record->maintenance, record->reboot,
                            record->deployment, record->rollout,     record->past,
                            record->failures,   record->scale,       record->rebalance};
    const void *found = NULL;
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        assert_false(found && values[i]);
        found = values[i] ? values[i] : found;
    }
    return found;
}

typedef struct Case {
    const char *key, *value;
    int64_t lease;
} Case;

static void every_kind_is_read(void **state) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(TEXT, strlen(TEXT), hash), 0);
    _cleanup_free_ char *file = key_file(hash);
    _cleanup_free_ char *orphan = orphan_format(&(Orphan){.hash = hash,
                                                          .desired = LAUNCH_STATE_LOADED,
                                                          .cluster = (char *) M1,
                                                          .text = (char *) TEXT});
    const Case cases[] = {
        {"unit/a.service", "{" HASH ",\"desired\":\"launched\"}", 0},
        {file, TEXT, 0},
        {"machine/" M1, "{\"bootID\":\"b\"}", 5},
        {"metadata/" M1 "/zone", "a", 0},
        {"schedule/" M1 "/a.service", "{" HASH ",\"desired\":\"loaded\",\"unitRevision\":3}", 0},
        {"schedule/" M1 "/a.service", "{\"hash\":\"\",\"desired\":\"inactive\",\"unitRevision\":3}",
         0},
        {"state/" M1 "/a.service", "{\"current\":\"loaded\"}", 5},
        {"pending/a.service", "{\"summary\":\"no\",\"reasons\":[],\"unitRevision\":3}", 0},
        {"leader", "{\"machineID\":\"" M1 "\"}", 5},
        {"orphan/" M1 "/a.service", "{" HASH ",\"desired\":\"launched\"}", 5},
        {"orphan/" M1 "/a.service", orphan, 5},
        {"cluster", "{\"id\":\"" M1 "\"}", 0},
        {"maintenance/" M1, "{\"drain\":true,\"sinceUsec\":1,\"message\":\"a disk\"}", 0},
        {"reboot/" M1, "{\"bootID\":\"b\",\"phase\":\"waiting\"}", 0},
        {"deployment/a@.service", "{" HASH ",\"sinceUsec\":1}", 0},
        {"deployment/a@.service", "{\"restart\":true,\"sinceUsec\":1}", 0},
        {"rollout/a@.service",
         "{\"deploymentUsec\":1,\"phase\":\"updating\",\"units\":[{\"name\":\"a@1.service\","
         "\"before\":\"0123456789012345678901234567890123456789\",\"phase\":\"waiting\"}]}",
         0},
        {"rollout/a.service",
         "{\"deploymentUsec\":1,\"phase\":\"updating\",\"global\":true,"
         "\"unitHash\":\"0123456789012345678901234567890123456789\",\"unitRevision\":7,"
         "\"units\":[{\"name\":\"" M1 "\",\"phase\":\"waiting\","
         "\"keeps\":\"0123456789012345678901234567890123456789\"}]}",
         0},
        {"scale/a@.service", "{\"count\":0,\"sinceUsec\":1}", 0},
        {"was/a.service/1", "{\"number\":11,\"machineID\":\"" M1 "\",\"untilUsec\":5}", 0},
        {"failures/a.service",
         "{\"unitRevision\":3,\"machines\":[{\"machineID\":\"" M1 "\",\"count\":1}]}", 0},
        {"rebalance",
         "{\"sinceUsec\":1,\"phase\":\"moving\",\"moves\":[{\"unit\":\"a.service\",\"from\":\"" M1
         "\",\"to\":\"22222222222222222222222222222222\",\"phase\":\"waiting\"}]}",
         0},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_record_ StoredRecord record = {};
        _cleanup_error_ Error error = {};
        assert_int_equal(parse(cases[i].key, cases[i].value, strlen(cases[i].value), cases[i].lease,
                               &record, &error),
                         0);
        if (!record.is_readable)
            fail_msg("%s", error_text(&error, 0));
        assert_non_null(value_of(&record));
        assert_int_equal(record.revision, 7);
        assert_int_equal(record.lease, cases[i].lease);
    }
}

static void what_lives_by_a_lease_must_have_one(void **state) {
    static const Case cases[] = {
        {"machine/" M1, "{\"bootID\":\"b\"}", 0},
        {"state/" M1 "/a.service", "{\"current\":\"loaded\"}", 0},
        {"leader", "{\"machineID\":\"" M1 "\"}", 0},
        {"orphan/" M1 "/a.service", "{" HASH ",\"desired\":\"launched\"}", 0},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_record_ StoredRecord record = {};
        _cleanup_error_ Error error = {};
        assert_int_equal(
            parse(cases[i].key, cases[i].value, strlen(cases[i].value), 0, &record, &error), 0);
        assert_false(record.is_readable);
        assert_null(value_of(&record));
        _cleanup_free_ char *expected = str_printf("'%s': it stands under no lease", cases[i].key);
        assert_string_equal(error.message, expected);
    }
}

static void deployment_brings_a_file_or_is_a_restart(void **state) {
    static const char *const values[] = {
        "{\"sinceUsec\":1}",
        "{\"restart\":false,\"sinceUsec\":1}",
        "{" HASH ",\"restart\":true,\"sinceUsec\":1}",
    };
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        _cleanup_record_ StoredRecord record = {};
        assert_int_equal(
            parse("deployment/a.service", values[i], strlen(values[i]), 0, &record, NULL), 0);
        assert_false(record.is_readable);
    }
}

static void garbage_of_any_kind_is_named_with_its_key(void **state) {
    static const char *const keys[] = {
        "unit/a.service",
        "file/0000000000000000000000000000000000000000",
        "machine/" M1,
        "metadata/" M1 "/zone",
        "schedule/" M1 "/a.service",
        "state/" M1 "/a.service",
        "pending/a.service",
        "leader",
        "orphan/" M1 "/a.service",
        "cluster",
        "maintenance/" M1,
        "reboot/" M1,
        "deployment/a@.service",
        "rollout/a@.service",
        "scale/a@.service",
        "was/a.service/1",
        "failures/a.service",
        "rebalance",
    };
    static const struct {
        const char *text;
        size_t size;
    } values[] = {
        {"{\n", 2},
        {"\xff\xfe", 2},
        {"\x1b[31m", 5},
        {"{\"a\":\"\0\"}", 9},
        {"\0", 1},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\x01", 33},
        {"{\"hash\":7,\"desired\":true,\"current\":[],\"bootID\":{},\"machineID\":1,\"drain\":1}\n",
         77},
    };
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        for (size_t k = 0; k < ELEMENTSOF(values); k++) {
            _cleanup_record_ StoredRecord record = {};
            _cleanup_error_ Error error = {};
            assert_int_equal(parse(keys[i], values[k].text, values[k].size, 5, &record, &error), 0);
            if (record.is_readable)
                fail_msg("%s: value %zu is read", keys[i], k);
            assert_null(value_of(&record));
            _cleanup_free_ char *begin = str_printf("'%s': ", keys[i]);
            assert_memory_equal(error.message, begin, strlen(begin));
        }
}

static void message_that_is_no_line_of_text_is_garbage(void **state) {
    static const char *const values[] = {"{\"message\":\"\\u001b[31m\"}",
                                         "{\"message\":\"a\\nb\"}"};
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        _cleanup_record_ StoredRecord record = {};
        _cleanup_error_ Error error = {};
        assert_int_equal(parse("maintenance/" M1, values[i], strlen(values[i]), 0, &record, &error),
                         0);
        assert_false(record.is_readable);
        assert_null(value_of(&record));
        assert_string_equal(error.message, "'maintenance/" M1 "': a message is one line of text");
    }
}

static void hash_that_no_file_has_is_garbage(void **state) {
    static const Case cases[] = {
        {"unit/a.service", "{\"hash\":\"../../etc/passwd\",\"desired\":\"launched\"}", 0},
        {"schedule/" M1 "/a.service", "{\"hash\":\"\",\"desired\":\"launched\",\"unitRevision\":3}",
         0},
        {"file/0000000000000000000000000000000000000000", TEXT, 0},
        {"orphan/" M1 "/a.service", "{\"hash\":\"\",\"desired\":\"launched\"}", 5},
        {"orphan/" M1 "/a.service", "{" HASH ",\"desired\":\"launched\",\"text\":\"[A]\\n\"}", 5},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_record_ StoredRecord record = {};
        _cleanup_error_ Error error = {};
        assert_int_equal(parse(cases[i].key, cases[i].value, strlen(cases[i].value), cases[i].lease,
                               &record, &error),
                         0);
        assert_false(record.is_readable);
        assert_non_null(strstr(error.message, "hash"));
    }
}

static void leader_that_is_no_machine_is_garbage(void **state) {
    static const char value[] = "{\"machineID\":\"somebody\"}";
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    assert_int_equal(parse("leader", value, strlen(value), 5, &record, &error), 0);
    assert_false(record.is_readable);
    assert_null(value_of(&record));
    assert_non_null(strstr(error.message, "'somebody' is not a machine id"));
}

static void id_of_a_cluster_that_none_has_is_garbage(void **state) {
    static const char *const values[] = {"{\"id\":\"\"}",
                                         "{\"id\":\"0123456789ABCDEF0123456789abcdef\"}",
                                         "{\"id\":\"" M1 "0\"}", "{}"};
    for (size_t i = 0; i < ELEMENTSOF(values); i++) {
        _cleanup_record_ StoredRecord record = {};
        assert_int_equal(parse("cluster", values[i], strlen(values[i]), 0, &record, NULL), 0);
        assert_false(record.is_readable);
        assert_null(record.cluster_id);
    }
}

static void key_of_nobody_is_told_from_fleets(void **state) {
    static const struct {
        const char *key, *message;
    } cases[] = {
        {"", "'': fleet has no such keys"},
        {"job/a.service/object", "'job/a.service/object': fleet has no such keys"},
        {"unit/a\nb\xff.service",
         "'unit/a?b?.service': unit name 'a' has a character other than 0-9A-Za-z:-_.\\@"},
        {"machine/x", "'machine/x': 'x' is not a machine id (32 lower-case hexadecimal digits)"},
        {"machine/" M1 "/object",
         "'machine/" M1 "/object': there is more than a key of its kind has"},
        {"state/" M1, "'state/" M1 "': the machine's id has no name behind it"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_record_ StoredRecord record = {};
        _cleanup_error_ Error error = {};
        assert_int_equal(parse(cases[i].key, "{}", 2, 0, &record, &error), -EINVAL);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void long_key_is_named_in_short(void **state) {
    char key[4096] = "zzz/";
    memset(key + 4, 'x', sizeof(key) - 5);
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    assert_int_equal(parse(key, "", 0, 0, &record, &error), -EINVAL);
    assert_in_range(strlen(error.message), 200, 320);
    assert_non_null(strstr(error.message, "xxx...': fleet has no such keys"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(what_lives_by_a_lease_must_have_one),
        cmocka_unit_test(deployment_brings_a_file_or_is_a_restart),
        cmocka_unit_test(garbage_of_any_kind_is_named_with_its_key),
        cmocka_unit_test(hash_that_no_file_has_is_garbage),
        cmocka_unit_test(message_that_is_no_line_of_text_is_garbage),
        cmocka_unit_test(leader_that_is_no_machine_is_garbage),
        cmocka_unit_test(id_of_a_cluster_that_none_has_is_garbage),
        cmocka_unit_test(key_of_nobody_is_told_from_fleets),
        cmocka_unit_test(long_key_is_named_in_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
