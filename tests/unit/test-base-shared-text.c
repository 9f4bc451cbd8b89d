#include "fleetd/base/shared-text.h"
#include "tests/unit/cmocka-test.h"

static void equal_texts_are_kept_once(void **state) {
    SharedText a = NULL, b = NULL;
    assert_int_equal(shared_text_replace(&a, "text", NULL), 0);
    assert_int_equal(shared_text_replace(&b, "text", a), 0);
    assert_string_equal(b, "text");
    assert_ptr_equal(a, b);
    shared_text_drop(a);
    assert_string_equal(b, "text");
    shared_text_drop(b);
}

static void another_text_changes_nobody_else_s(void **state) {
    SharedText a = NULL, b = NULL;
    assert_int_equal(shared_text_replace(&a, "old", NULL), 0);
    shared_text_share(&b, a);
    assert_int_equal(shared_text_replace(&b, "new", a), 0);
    assert_string_equal(a, "old");
    assert_string_equal(b, "new");
    shared_text_drop(a);
    shared_text_drop(b);
}

static void text_that_stays_is_not_copied(void **state) {
    SharedText a = NULL;
    assert_int_equal(shared_text_replace(&a, "text", NULL), 0);
    SharedText before = a;
    assert_int_equal(shared_text_replace(&a, "text", NULL), 0);
    assert_ptr_equal(a, before);
    shared_text_share(&a, a);
    assert_string_equal(a, "text");
    shared_text_drop(a);
}

static void none_is_a_text_as_well(void **state) {
    SharedText a = NULL, b = NULL;
    assert_int_equal(shared_text_replace(&a, "text", NULL), 0);
    assert_int_equal(shared_text_replace(&b, NULL, a), 0);
    assert_null(b);
    assert_int_equal(shared_text_replace(&a, NULL, NULL), 0);
    assert_null(a);
    shared_text_share(&a, b);
    shared_text_drop(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_are_kept_once),
        cmocka_unit_test(another_text_changes_nobody_else_s),
        cmocka_unit_test(text_that_stays_is_not_copied),
        cmocka_unit_test(none_is_a_text_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
