#include "fleetd/store/page-size.h"
#include "tests/unit/cmocka-test.h"

#define MAX_SIZE 8192

static void good(PageSize *size, unsigned n) {
    while (n-- > 0)
        page_size_good(size, size->now, 0);
}

/* A list of so many entries, over a way on which pages over a width fail. Answers how many did. */
static unsigned list(PageSize *size, size_t n_entries, size_t width) {
    unsigned n_failed = 0;
    while (n_entries > 0)
        if (size->now > width) {
            n_failed++;
            (void) page_size_bad(size);
        } else {
            n_entries -= size->now < n_entries ? size->now : n_entries;
            page_size_good(size, size->now, 0);
        }
    return n_failed;
}

static void pages_grow_to_the_largest(void **state) {
    PageSize size = page_size_new(MAX_SIZE);
    assert_int_equal(size.now, 128);
    good(&size, 10);
    assert_int_equal(size.now, MAX_SIZE);
    assert_int_equal(page_size_new(1).now, 1);
}

static void small_entries_come_in_large_pages_at_once(void **state) {
    PageSize size = page_size_new(MAX_SIZE);
    page_size_good(&size, 128, 128 * 300);
    assert_int_equal(size.now, MAX_SIZE);
    size = page_size_new(MAX_SIZE);
    page_size_good(&size, 100, 1024 * 1024);
    assert_int_equal(size.now, 800);
    size = page_size_new(MAX_SIZE);
    page_size_good(&size, 128, 128 * 1024 * 1024);
    assert_int_equal(size.now, 256);
    assert_true(page_size_bad(&size));
    page_size_good(&size, 128, 128);
    assert_int_equal(size.now, 128); /* it is the way that is narrow */
}

static void size_that_failed_after_a_good_one_is_not_tried_at_once(void **state) {
    PageSize size = page_size_new(MAX_SIZE);
    good(&size, 1);
    assert_int_equal(size.now, 256);
    assert_true(page_size_bad(&size));
    good(&size, 7);
    assert_int_equal(size.now, 128);
    good(&size, 1);
    assert_int_equal(size.now, 256);
}

static void failures_of_a_long_list_are_few(void **state) {
    PageSize size = page_size_new(MAX_SIZE);
    assert_in_range(list(&size, 100000, 100), 1, 12);
    assert_in_range(size.now, 64, 128);
    size = page_size_new(MAX_SIZE);
    assert_in_range(list(&size, 5000, 1), 8, 24);
}

static void way_that_becomes_wider_is_used(void **state) {
    PageSize size = page_size_new(MAX_SIZE);
    list(&size, 1000, 10);
    assert_in_range(size.now, 5, 10);
    assert_int_equal(list(&size, 100000, MAX_SIZE), 0);
    assert_int_equal(size.now, MAX_SIZE);
}

/* No answer at all is no limit: the size is as before after a few pages. */
static void silence_says_little_about_the_size(void **state) {
    PageSize size = page_size_new(MAX_SIZE);
    good(&size, 10);
    while (page_size_bad(&size))
        ;
    assert_int_equal(size.now, 1);
    good(&size, 12);
    assert_int_equal(size.now, MAX_SIZE / 2);
    good(&size, 8);
    assert_int_equal(size.now, MAX_SIZE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_grow_to_the_largest),
        cmocka_unit_test(small_entries_come_in_large_pages_at_once),
        cmocka_unit_test(size_that_failed_after_a_good_one_is_not_tried_at_once),
        cmocka_unit_test(failures_of_a_long_list_are_few),
        cmocka_unit_test(way_that_becomes_wider_is_used),
        cmocka_unit_test(silence_says_little_about_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
