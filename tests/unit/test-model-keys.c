#include "fleetd/model/keys.h"
#include "tests/unit/cmocka-test.h"

#define ID "0123456789abcdef0123456789abcdef"
#define HASH "0123456789abcdef0123456789abcdef01234567"

typedef struct KeyCase {
    char *text; /* made by the key_ function of its kind */
    const char *expected;
    KeyKind kind;
    const char *machine_id;
    const char *name;
    int64_t number;
} KeyCase;

static void key_is_made_and_taken_apart_again(void **state) {
    KeyCase cases[] = {
        {key_unit("a@1.service"), "unit/a@1.service", KEY_UNIT, NULL, "a@1.service"},
        {key_file(HASH), "file/" HASH, KEY_FILE, NULL, HASH},
        {key_machine(ID), "machine/" ID, KEY_MACHINE, ID, NULL},
        {key_metadata(ID, "a/b"), "metadata/" ID "/a/b", KEY_METADATA, ID, "a/b"},
        {key_schedule(ID, "a.service"), "schedule/" ID "/a.service", KEY_SCHEDULE, ID, "a.service"},
        {key_state(ID, "a.service"), "state/" ID "/a.service", KEY_STATE, ID, "a.service"},
        {key_pending("a.service"), "pending/a.service", KEY_PENDING, NULL, "a.service"},
        {strdup(KEY_LEADER_TEXT), "leader", KEY_LEADER, NULL, NULL},
        {key_orphan(ID, "a.service"), "orphan/" ID "/a.service", KEY_ORPHAN, ID, "a.service"},
        {strdup(KEY_CLUSTER_TEXT), "cluster", KEY_CLUSTER, NULL, NULL},
        {key_deployment("a@.service"), "deployment/a@.service", KEY_DEPLOYMENT, NULL, "a@.service"},
        {key_rollout("a.service"), "rollout/a.service", KEY_ROLLOUT, NULL, "a.service"},
        {key_scale("a@.service"), "scale/a@.service", KEY_SCALE, NULL, "a@.service"},
        {key_version("a@1.service", 12), "version/a@1.service/12", KEY_VERSION, NULL, "a@1.service",
         12},
        {strdup(KEY_REBALANCE_TEXT), "rebalance", KEY_REBALANCE, NULL, NULL},
        {key_past("a@1.service", 10), "was/a@1.service/10", KEY_PAST, NULL, "a@1.service", 10},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_key_ Key key = {};
        assert_string_equal(cases[i].text, cases[i].expected);
        assert_int_equal(key_parse(cases[i].text, &key, NULL), 0);
        assert_int_equal(key.kind, cases[i].kind);
        assert_true(streq_ptr(key.machine_id, cases[i].machine_id));
        assert_true(streq_ptr(key.name, cases[i].name));
        assert_int_equal(key.number, cases[i].number);
        free(cases[i].text);
    }
}

/* Who mirrors what comes before the past has all of the present. */
static void all_but_the_past_comes_first(void **state) {
    _cleanup_free_ char *version = key_version("a.service", 1), *past = key_past("a.service", 1);
    char *present[] = {
        key_unit("~.service"),
        key_file(HASH),
        key_machine(ID),
        key_metadata(ID, "a"),
        key_schedule(ID, "a.service"),
        key_state(ID, "a.service"),
        key_pending("a.service"),
        key_orphan(ID, "a.service"),
        key_maintenance(ID),
        key_reboot(ID),
        key_deployment("a.service"),
        key_rollout("a.service"),
        key_failures("a.service"),
        key_scale("a@.service"),
        strdup(KEY_LEADER_TEXT),
        strdup(KEY_CLUSTER_TEXT),
        strdup(KEY_BRAKE_TEXT),
        strdup(KEY_REBALANCE_TEXT),
    };
    assert_int_equal(ELEMENTSOF(present), _KEY_KIND_MAX - 2);
    assert_true(strcmp(version, KEY_FIRST_OF_PAST) >= 0);
    assert_true(strcmp(past, KEY_FIRST_OF_PAST) >= 0);
    for (size_t i = 0; i < ELEMENTSOF(present); i++) {
        assert_true(strcmp(present[i], KEY_FIRST_OF_PAST) < 0);
        free(present[i]);
    }
}

static void prefix_of_a_machine_ends_in_a_slash(void **state) {
    _cleanup_free_ char *schedule = key_schedule_prefix(ID), *states = key_state_prefix(ID),
                        *metadata = key_metadata_prefix(ID);
    assert_string_equal(metadata, "metadata/" ID "/");
    assert_string_equal(schedule, "schedule/" ID "/");
    assert_string_equal(states, "state/" ID "/");
}

static void foreign_key_is_refused_and_output_untouched(void **state) {
    static const char *const texts[] = {
        "",
        "unit",
        "unit/",
        "unit/noname",
        "unit/a/b.service",
        "unit/../a.service",
        "unit/.service",
        "unit/a.service/",
        "units/a.service",
        "file/" HASH "0",
        "file/" ID,
        "file/../../etc/passwd",
        "version/a.service",
        "version/a.service/",
        "version/a.service/0",
        "version/a.service/01",
        "version/a.service/-1",
        "version/a.service/1/",
        "version/a.service/1234567890123456789",
        "version/a/1",
        "was/a.service",
        "was/a.service/0",
        "was/a.service/x",
        "machine/",
        "machine/" ID "/",
        "machine/" ID "0",
        "machine/0123456789ABCDEF0123456789ABCDEF",
        "metadata/" ID,
        "metadata/" ID "/",
        "metadata/" ID "/a=b",
        "schedule/" ID,
        "schedule/" ID "/",
        "schedule/short/a.service",
        "schedule/" ID "/../a.service",
        "state//a.service",
        "leader/",
        "leaders",
        "/leader",
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        Key key = {.kind = _KEY_KIND_INVALID};
        assert_int_equal(key_parse(texts[i], &key, NULL), -EINVAL);
        assert_int_equal(key.kind, _KEY_KIND_INVALID);
        assert_null(key.machine_id);
        assert_null(key.name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_is_made_and_taken_apart_again),
        cmocka_unit_test(all_but_the_past_comes_first),
        cmocka_unit_test(prefix_of_a_machine_ends_in_a_slash),
        cmocka_unit_test(foreign_key_is_refused_and_output_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
