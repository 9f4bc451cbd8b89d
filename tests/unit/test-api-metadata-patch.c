#include "fleetd/api/metadata-patch.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define ID "11111111111111111111111111111111"

static void operations_become_changes(void **state) {
    static const char text[] =
        "[{\"op\":\"add\",\"path\":\"/" ID "/metadata/region\",\"value\":\"eu\"},"
        "{\"op\":\"replace\",\"path\":\"/" ID "/metadata/a~1b~0c\",\"value\":\"\"},"
        "{\"op\":\"remove\",\"path\":\"/" ID "/metadata/old\",\"value\":7}]";
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    assert_int_equal(metadata_patch_parse(text, strlen(text), &patch, NULL), 0);
    assert_int_equal(patch.n_changes, 3);
    assert_string_equal(patch.changes[0].machine_id, ID);
    assert_string_equal(patch.changes[0].key, "region");
    assert_string_equal(patch.changes[0].value, "eu");
    assert_string_equal(patch.changes[1].key, "a/b~c");
    assert_string_equal(patch.changes[1].value, "");
    assert_string_equal(patch.changes[2].key, "old");
    assert_null(patch.changes[2].value);
}

/* CoreOS fleet took nothing else. */
static void value_may_be_wrapped(void **state) {
    static const char text[] = "[{\"op\":\"add\",\"path\":\"/" ID "/metadata/a\",\"value\":"
                               "{\"value\":\"1\"}}]";
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    assert_int_equal(metadata_patch_parse(text, strlen(text), &patch, NULL), 0);
    assert_string_equal(patch.changes[0].value, "1");
}

static void last_change_of_a_key_counts(void **state) {
    static const char text[] = "[{\"op\":\"add\",\"path\":\"/" ID "/metadata/a\",\"value\":\"1\"},"
                               "{\"op\":\"add\",\"path\":\"/" ID "/metadata/b\",\"value\":\"2\"},"
                               "{\"op\":\"remove\",\"path\":\"/" ID "/metadata/a\"}]";
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    assert_int_equal(metadata_patch_parse(text, strlen(text), &patch, NULL), 0);
    assert_int_equal(patch.n_changes, 2);
    assert_null(patch.changes[0].value);
}

static void empty_list_changes_nothing(void **state) {
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    assert_int_equal(metadata_patch_parse("[]", 2, &patch, NULL), 0);
    assert_int_equal(patch.n_changes, 0);
}

static void anything_else_is_refused_with_its_reason(void **state) {
#define OP(op, path, rest) "[{\"op\":\"" op "\",\"path\":\"" path "\"" rest "}]"
    static const char *const cases[][2] = {
        {"{}", "the patch: it is not a list of operations"},
        {"[1]", "the patch: operation 1: not a JSON object"},
        {"[{}]", "the patch: operation 1: field 'path' is missing"},
        {OP("test", "/" ID "/metadata/a", ",\"value\":\"1\""),
         "the patch: operation 1: op 'test' is none of add, replace and remove"},
        {OP("a\\u001bb", "/" ID "/metadata/a", ""),
         "the patch: operation 1: op 'a' is none of add, replace and remove"},
        {OP("add", "/" ID "/metadata/a", ""), "the patch: operation 1: field 'value' is missing"},
        {OP("add", "/" ID "/metadata/a", ",\"value\":1"),
         "the patch: operation 1: field 'value' is int, not string"},
        {OP("add", "/" ID "/metadata/a", ",\"value\":{}"),
         "the patch: operation 1: field 'value' is missing"},
        {OP("add", "", ",\"value\":\"1\""),
         "the patch: operation 1: path '' is not of the form /ID/metadata/KEY"},
        {OP("add", "/" ID "/metadata", ",\"value\":\"1\""),
         "the patch: operation 1: path '/" ID "/metadata' is not of the form /ID/metadata/KEY"},
        {OP("add", "/" ID "/metadata/a/b", ",\"value\":\"1\""),
         "the patch: operation 1: path '/" ID "/metadata/a/b' is not of the form /ID/metadata/KEY"},
        {OP("add", "/" ID "/metadata/a~2", ",\"value\":\"1\""),
         "the patch: operation 1: path '/" ID "/metadata/a~2' has a '~' without 0 or 1 behind it"},
        {OP("add", "/" ID "/metadata/", ",\"value\":\"1\""),
         "the patch: operation 1: a metadata key is empty"},
        {OP("add", "/" ID "/metadata/a=b", ",\"value\":\"1\""),
         "the patch: operation 1: metadata key 'a=b' has one of = , \" '"},
        {OP("add", "/ABC/metadata/a", ",\"value\":\"1\""),
         "the patch: operation 1: 'ABC' is not a machine id (32 lower-case hexadecimal digits)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error error = {};
        MetadataPatch patch = {};
        assert_int_equal(metadata_patch_parse(cases[i][0], strlen(cases[i][0]), &patch, &error),
                         -EINVAL);
        assert_string_equal(error.message, cases[i][1]);
        assert_null(patch.changes);
    }
}

static void patch_is_limited_to_what_a_transaction_takes(void **state) {
    for (int n = 128; n <= 129; n++) {
        _cleanup_free_ char *text = strdup("[");
        for (int i = 0; i < n; i++) {
            char *longer = str_printf("%s%s{\"op\":\"remove\",\"path\":\"/" ID "/metadata/k%d\"}",
                                      text, i ? "," : "", i);
            free(text);
            text = longer;
        }
        char *whole = str_printf("%s]", text);
        free(text);
        text = whole;
        _cleanup_(metadata_patch_done) MetadataPatch patch = {};
        assert_int_equal(metadata_patch_parse(text, strlen(text), &patch, NULL),
                         n <= 128 ? 0 : -EINVAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_become_changes),
        cmocka_unit_test(value_may_be_wrapped),
        cmocka_unit_test(last_change_of_a_key_counts),
        cmocka_unit_test(empty_list_changes_nothing),
        cmocka_unit_test(anything_else_is_refused_with_its_reason),
        cmocka_unit_test(patch_is_limited_to_what_a_transaction_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
