#include "fleetd/base/json.h"
#include "fleetd/model/metadata.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void configured_text_is_understood(void **state) {
    static const char *const cases[][2] = {
        {"", ""},
        {"  ", ""},
        {"\"\"", ""},
        {"k=v", "k=v"},
        {"region=eu,disk=ssd", "disk=ssd,region=eu"},
        {" region = eu west , disk = ssd ", "disk=ssd,region=eu west"},
        {"k=a,k=b", "k=b"},
        {"k=", "k="},
        {"k==v=w", "k==v=w"},
        {"k=v,,l=w,", "k=v,l=w"},
        {"k=\"v\",l='w'", "k=v,l=w"},
        {"k=\" v \"", "k= v "},
        {"k=\"it's\"", "k=it's"},
        {"k=\"a,b\",l=c", "k=a,b,l=c"},
        {"k=x\"a,b\"", "k=x\"a,b\""},
        {"\"region=us-west,az=us-west-1\"", "az=us-west-1,region=us-west"},
        {"'k=v'", "k=v"},
        {"k=\xc3\xa9", "k=\xc3\xa9"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_metadata_ Metadata metadata = {};
        assert_int_equal(metadata_parse(cases[i][0], &metadata, NULL), 0);
        _cleanup_free_ char *text = metadata_format(&metadata);
        assert_string_equal(text, cases[i][1]);
    }
}

static void quoted_comma_stays_in_its_value(void **state) {
    _cleanup_metadata_ Metadata metadata = {};
    assert_int_equal(metadata_parse("k='a,b',l=c", &metadata, NULL), 0);
    assert_int_equal(metadata.n_pairs, 2);
    assert_string_equal(metadata_get(&metadata, "k"), "a,b");
}

static void malformed_piece_is_named(void **state) {
    static const char *const cases[][2] = {
        {"k=v,novalue", "metadata 'novalue' is not of the form key=value"},
        {"=v", "metadata '=v' has no key"},
        {" = 'v' ", "metadata '=v' has no key"},
        {"\"k\"=v", "metadata key '\"k\"' has one of = , \" '"},
        {"k=a\tb", "a metadata key or value has unprintable characters"},
        {"k\x7f=v", "a metadata key or value has unprintable characters"},
        {"k=\xff", "a metadata key or value has unprintable characters"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Metadata metadata = {};
        _cleanup_error_ Error error = {};
        assert_int_equal(metadata_parse(cases[i][0], &metadata, &error), -EINVAL);
        assert_int_equal(metadata.n_pairs, 0);
        assert_string_equal(error.message, cases[i][1]);
    }
}

static void pairs_are_set_and_unset_in_order_of_keys(void **state) {
    _cleanup_metadata_ Metadata metadata = {};
    static const char *const keys[] = {"m", "c", "x", "a", "z", "b"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        assert_int_equal(metadata_set(&metadata, keys[i], "1"), 0);
    assert_int_equal(metadata_set(&metadata, "m", "2"), 0);
    assert_true(metadata_unset(&metadata, "a"));
    assert_true(metadata_unset(&metadata, "z"));
    assert_false(metadata_unset(&metadata, "a"));
    assert_null(metadata_get(&metadata, "a"));

    _cleanup_free_ char *text = metadata_format(&metadata);
    assert_string_equal(text, "b=1,c=1,m=2,x=1");
}

static void copy_is_equal_until_changed(void **state) {
    _cleanup_metadata_ Metadata metadata = {}, copy = {};
    assert_int_equal(metadata_parse("a=1,b=2", &metadata, NULL), 0);
    assert_int_equal(metadata_copy(&metadata, &copy), 0);
    assert_true(metadata_equal(&metadata, &copy));
    assert_int_equal(metadata_set(&copy, "b", "3"), 0);
    assert_false(metadata_equal(&metadata, &copy));
    assert_true(metadata_unset(&copy, "b"));
    assert_false(metadata_equal(&metadata, &copy));
    assert_int_equal(metadata_set(&copy, "c", "2"), 0);
    assert_false(metadata_equal(&metadata, &copy));
}

static void overlay_wins_however_many_pairs_both_have(void **state) {
    _cleanup_metadata_ Metadata own = {}, winner = {}, both = {};
    char key[16];
    for (int i = 0; i < METADATA_PAIRS_MAX; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(metadata_set(&own, key, "own"), 0);
        snprintf(key, sizeof(key), "k%d", i + METADATA_PAIRS_MAX / 2);
        assert_int_equal(metadata_set(&winner, key, "winner"), 0);
    }
    assert_int_equal(metadata_overlay(&own, &winner, &both), 0);
    assert_int_equal(both.n_pairs, METADATA_PAIRS_MAX / 2 * 3);
    assert_string_equal(metadata_get(&both, "k0"), "own");
    assert_string_equal(metadata_get(&both, "k200"), "winner");
    assert_string_equal(metadata_get(&both, "k300"), "winner");
}

static void json_form_comes_back(void **state) {
    _cleanup_metadata_ Metadata metadata = {}, copy = {};
    assert_int_equal(metadata_parse("b=\"x \\\"y\",a=", &metadata, NULL), 0);
    _cleanup_json_ json_object *object = metadata_to_json(&metadata);
    assert_int_equal(metadata_from_json(object, &copy, NULL), 0);
    assert_true(metadata_equal(&metadata, &copy));
    assert_int_equal(metadata_from_json(NULL, &copy, NULL), -EBADMSG);
}

static void pairs_of_a_machine_are_limited(void **state) {
    _cleanup_metadata_ Metadata metadata = {};
    char key[16];
    for (int i = 0; i < METADATA_PAIRS_MAX; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(metadata_set(&metadata, key, "v"), 0);
    }
    assert_int_equal(metadata_set(&metadata, "one-more", "v"), -E2BIG);
    assert_int_equal(metadata_set(&metadata, "k0", "changed"), 0);

    _cleanup_json_ json_object *object = metadata_to_json(&metadata);
    assert_int_equal(json_add_string(object, "one-more", "v"), 0);
    Metadata copy = {};
    assert_int_equal(metadata_from_json(object, &copy, NULL), -EBADMSG);
    assert_int_equal(copy.n_pairs, 0);
}

static void pair_is_checked(void **state) {
    char longest[METADATA_TEXT_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    longest[METADATA_TEXT_MAX + 1] = 0;
    assert_int_equal(metadata_check_pair("k", "", NULL), 0);
    assert_int_equal(metadata_check_pair("k", "v=,\"' w", NULL), 0);
    assert_int_equal(metadata_check_pair("k", longest + 1, NULL), 0);
    assert_int_equal(metadata_check_pair(longest + 1, "v", NULL), 0);
    assert_int_equal(metadata_check_pair("k", longest, NULL), -EINVAL);
    assert_int_equal(metadata_check_pair(longest, "v", NULL), -EINVAL);
    assert_int_equal(metadata_check_pair("", "v", NULL), -EINVAL);
    assert_int_equal(metadata_check_pair("k", "\n", NULL), -EINVAL);
    assert_int_equal(metadata_check_pair("k,l", "v", NULL), -EINVAL);
    assert_int_equal(metadata_check_pair("k=l", "v", NULL), -EINVAL);
    assert_int_equal(metadata_check_pair("k'", "v", NULL), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configured_text_is_understood),
        cmocka_unit_test(quoted_comma_stays_in_its_value),
        cmocka_unit_test(malformed_piece_is_named),
        cmocka_unit_test(pairs_are_set_and_unset_in_order_of_keys),
        cmocka_unit_test(copy_is_equal_until_changed),
        cmocka_unit_test(overlay_wins_however_many_pairs_both_have),
        cmocka_unit_test(json_form_comes_back),
        cmocka_unit_test(pairs_of_a_machine_are_limited),
        cmocka_unit_test(pair_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
