#include "fleetctl/remote/ssh-address.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void assert_address(const char *text, const char *host, unsigned port) {
    _cleanup_ssh_address_ SshAddress address = {};
    assert_int_equal(ssh_address_parse(text, &address, NULL), 0);
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
}

static void assert_refused(const char *text, const char *part_of_message) {
    _cleanup_ssh_address_ SshAddress address = {};
    _cleanup_error_ Error error = {};
    assert_int_equal(ssh_address_parse(text, &address, &error), -EINVAL);
    assert_non_null(strstr(error.message, part_of_message));
    assert_null(address.host);
}

static void host_may_have_a_port(void **state) {
    assert_address("gate", "gate", 0);
    assert_address("gate.example:2222", "gate.example", 2222);
    assert_address("10.0.0.1:22", "10.0.0.1", 22);
    assert_address("core@gate:65535", "core@gate", 65535);
}

static void ipv6_address_needs_brackets_for_a_port(void **state) {
    assert_address("fd00::1", "fd00::1", 0);
    assert_address("fe80::1%eth0", "fe80::1%eth0", 0);
    assert_address("[fd00::1]", "fd00::1", 0);
    assert_address("[::1]:2222", "::1", 2222);
    assert_address("core@[::1]:2222", "core@::1", 2222);
    assert_address("core@::1", "core@::1", 0);
}

static void bad_ports_are_refused(void **state) {
    assert_refused("gate:", "'' is no port");
    assert_refused("gate:0", "'0' is no port");
    assert_refused("gate:65536", "is no port");
    assert_refused("gate:184467440737095516161", "is no port");
    assert_refused("gate:22x", "is no port");
    assert_refused("gate:-1", "is no port");
    assert_refused("[::1]:ssh", "is no port");
}

static void what_is_no_host_is_refused(void **state) {
    assert_refused("", "host is missing");
    assert_refused(":22", "host is missing");
    assert_refused("core@", "host is missing");
    assert_refused("[]:22", "host is missing");
    assert_refused("-oProxyCommand=x", "begin with '-'");
    assert_refused("a b", "' ' has no place");
    assert_refused("$(x)", "has no place");
    assert_refused("gate/x", "'/' has no place");
    assert_refused("[::1", "there must be ']'");
    assert_refused("[::1]22", "there must be ']'");
}

static void assert_url(const char *url, const char *host, unsigned port, const char *formatted) {
    _cleanup_ssh_address_ SshAddress address = {};
    assert_int_equal(ssh_address_parse_url(url, &address, NULL), 0);
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
    _cleanup_free_ char *text = ssh_address_format(&address);
    assert_string_equal(text, formatted);
}

static void url_has_the_port_of_its_scheme(void **state) {
    assert_url("http://fleet", "fleet", 80, "fleet:80");
    assert_url("https://fleet/behind", "fleet", 443, "fleet:443");
    assert_url("http://127.0.0.1:49153/a:b", "127.0.0.1", 49153, "127.0.0.1:49153");
    assert_url("https://[::1]:8443", "::1", 8443, "[::1]:8443");
    assert_url("http://[::1]", "::1", 80, "[::1]:80");
}

static void other_urls_are_refused(void **state) {
    SshAddress address = {};
    assert_int_equal(ssh_address_parse_url("ftp://fleet", &address, NULL), -EINVAL);
    assert_int_equal(ssh_address_parse_url("http://fleet:x/", &address, NULL), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_may_have_a_port),
        cmocka_unit_test(ipv6_address_needs_brackets_for_a_port),
        cmocka_unit_test(bad_ports_are_refused),
        cmocka_unit_test(what_is_no_host_is_refused),
        cmocka_unit_test(url_has_the_port_of_its_scheme),
        cmocka_unit_test(other_urls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
