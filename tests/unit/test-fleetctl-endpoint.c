#include "fleetctl/api/endpoint.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void assert_endpoint(const char *text, const char *base_url, const char *unix_socket) {
    _cleanup_endpoint_ Endpoint endpoint = {};
    assert_int_equal(endpoint_parse(text, &endpoint, NULL), 0);
    assert_string_equal(endpoint.base_url, base_url);
    assert_true(streq_ptr(endpoint.unix_socket, unix_socket));
}

static void assert_refused(const char *text, const char *part_of_message) {
    _cleanup_endpoint_ Endpoint endpoint = {};
    _cleanup_error_ Error error = {};
    assert_int_equal(endpoint_parse(text, &endpoint, &error), -EINVAL);
    assert_non_null(strstr(error.message, part_of_message));
    assert_null(endpoint.base_url);
}

static void socket_is_reached_by_its_path(void **state) {
    assert_endpoint("unix:///var/run/fleet.sock", "http://fleetd", "/var/run/fleet.sock");
}

static void url_is_kept_without_a_slash_at_its_end(void **state) {
    assert_endpoint("http://10.0.0.1:49153", "http://10.0.0.1:49153", NULL);
    assert_endpoint("https://fleet.example//", "https://fleet.example", NULL);
    assert_endpoint("http://[::1]:80/behind/", "http://[::1]:80/behind", NULL);
}

static void anything_else_is_refused_with_the_rule(void **state) {
    assert_refused("", "must begin with unix://");
    assert_refused("/run/fleet.sock", "must begin with unix://");
    assert_refused("unix://run/fleet.sock", "must be absolute");
    assert_refused("unix:///", "must be absolute");
    assert_refused("http://", "host is missing");
    assert_refused("http:///fleet", "host is missing");
    assert_refused("https://:80", "host is missing");
    assert_refused("http://a b", "' ' has no place");
    assert_refused("http://user@host", "'@' has no place");
    assert_refused("http://host/?x", "'?' has no place");
}

static void socket_path_that_fits_no_address_is_refused(void **state) {
    _cleanup_free_ char *path = str_printf("unix:///%0107d", 1);
    assert_refused(path, "at most 107 characters");
    path[strlen(path) - 1] = '\0';
    assert_endpoint(path, "http://fleetd", path + strlen("unix://"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(socket_is_reached_by_its_path),
        cmocka_unit_test(url_is_kept_without_a_slash_at_its_end),
        cmocka_unit_test(anything_else_is_refused_with_the_rule),
        cmocka_unit_test(socket_path_that_fits_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
