#include "fleetd/store/etcd-endpoints.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define SEC USEC_PER_SEC

static EtcdEndpoints *three(void) {
    static char *const urls[] = {(char *) "http://a:1", (char *) "https://b:2/",
                                 (char *) "http://c", NULL};
    EtcdEndpoints *endpoints = NULL;
    assert_int_equal(etcd_endpoints_new(urls, &endpoints, NULL), 0);
    return endpoints;
}

static void first_one_is_preferred_while_it_answers(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    assert_int_equal(etcd_endpoints_size(e), 3);
    assert_int_equal(etcd_endpoints_preferred(e), 0);
    assert_false(etcd_endpoints_succeeded(e, 0));
    assert_int_equal(etcd_endpoints_preferred(e), 0);
    assert_string_equal(etcd_endpoints_url(e, 1), "https://b:2");
}

static void failed_one_gives_way_to_the_next(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    assert_true(etcd_endpoints_failed(e, 0, 100 * SEC));
    assert_int_equal(etcd_endpoints_preferred(e), 1);
    assert_true(etcd_endpoints_failed(e, 1, 100 * SEC));
    assert_int_equal(etcd_endpoints_preferred(e), 2);
}

static void failure_of_another_changes_nothing(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    assert_true(etcd_endpoints_failed(e, 1, 100 * SEC));
    assert_int_equal(etcd_endpoints_preferred(e), 0);
    assert_true(etcd_endpoints_failed(e, 0, 100 * SEC));
    assert_int_equal(etcd_endpoints_preferred(e), 2); /* 1 is aside */
}

static void recovered_one_is_not_returned_to_without_need(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    etcd_endpoints_failed(e, 0, 100 * SEC);
    assert_true(etcd_endpoints_succeeded(e, 0));
    assert_false(etcd_endpoints_succeeded(e, 0));
    assert_int_equal(etcd_endpoints_preferred(e), 1);
}

static void all_aside_means_the_longest_ago(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    etcd_endpoints_failed(e, 0, 100 * SEC);
    etcd_endpoints_failed(e, 1, 100 * SEC + 1);
    etcd_endpoints_failed(e, 2, 100 * SEC + 2);
    assert_int_equal(etcd_endpoints_preferred(e), 0);
    etcd_endpoints_failed(e, 0, 100 * SEC + 3);
    assert_int_equal(etcd_endpoints_preferred(e), 1);
}

static void single_one_stays(void **state) {
    static char *const urls[] = {(char *) "http://[::1]:2379", NULL};
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = NULL;
    assert_int_equal(etcd_endpoints_new(urls, &e, NULL), 0);
    assert_true(etcd_endpoints_failed(e, 0, 100 * SEC));
    assert_false(etcd_endpoints_failed(e, 0, 200 * SEC)); /* known already */
    assert_int_equal(etcd_endpoints_preferred(e), 0);
    assert_true(etcd_endpoints_succeeded(e, 0));
    assert_true(etcd_endpoints_failed(e, 0, 300 * SEC));
}

static void time_aside_grows_with_failures_that_follow_one_another(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    /* 0 fails at 100 s (aside to 101 s), and again at 102 s (aside to 104 s). */
    etcd_endpoints_failed(e, 0, 100 * SEC);
    etcd_endpoints_failed(e, 0, 102 * SEC);
    etcd_endpoints_failed(e, 1, 103 * SEC);
    assert_int_equal(etcd_endpoints_preferred(e), 2);
    etcd_endpoints_failed(e, 2, 105 * SEC); /* 0 is back, 1 as well: 0 is next in the ring */
    assert_int_equal(etcd_endpoints_preferred(e), 0);
}

static void failures_at_one_time_count_once(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    for (int i = 0; i < 100; i++)
        etcd_endpoints_failed(e, 0, 100 * SEC);
    etcd_endpoints_failed(e, 1, 100 * SEC);
    etcd_endpoints_failed(e, 2, 101 * SEC);
    assert_int_equal(etcd_endpoints_preferred(e), 0);
}

static void time_aside_has_an_end(void **state) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *e = three();
    for (usec_t i = 0; i < 100; i++)
        etcd_endpoints_failed(e, 0, (100 + 20 * i) * SEC);
    usec_t last = (100 + 20 * 99) * SEC;
    etcd_endpoints_failed(e, 1, last + 10 * SEC);
    assert_int_equal(etcd_endpoints_preferred(e), 2);
    etcd_endpoints_failed(e, 2, last + 10 * SEC);
    assert_int_equal(etcd_endpoints_preferred(e), 0);
}

static void wrong_urls_are_refused_with_a_reason(void **state) {
    static const char *const urls[] = {
        "",
        "127.0.0.1:2379",
        "ftp://host",
        "http://",
        "http:///",
        "http://host/path",
        "http://host?x",
        "http://host?",
        "http://host#",
        "http://host name",
        "http://host\r\n",
        "http://user:hidden@host",
    };
    for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
        char *const list[] = {(char *) "http://good", (char *) urls[i], NULL};
        _cleanup_error_ Error error = {};
        EtcdEndpoints *endpoints = NULL;
        assert_int_equal(etcd_endpoints_new(list, &endpoints, &error), -EINVAL);
        assert_non_null(error.message);
        assert_null(strstr(error.message, "hidden"));
    }
    EtcdEndpoints *none = NULL;
    assert_int_equal(etcd_endpoints_new(NULL, &none, NULL), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_one_is_preferred_while_it_answers),
        cmocka_unit_test(failed_one_gives_way_to_the_next),
        cmocka_unit_test(failure_of_another_changes_nothing),
        cmocka_unit_test(recovered_one_is_not_returned_to_without_need),
        cmocka_unit_test(all_aside_means_the_longest_ago),
        cmocka_unit_test(single_one_stays),
        cmocka_unit_test(time_aside_grows_with_failures_that_follow_one_another),
        cmocka_unit_test(failures_at_one_time_count_once),
        cmocka_unit_test(time_aside_has_an_end),
        cmocka_unit_test(wrong_urls_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
