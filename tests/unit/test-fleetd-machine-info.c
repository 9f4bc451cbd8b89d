#include "fleetd/machine-info.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <sched.h>

static void machine_without_a_network_keeps_the_address_that_was_known(void **state) {
    Config config = {};
    _cleanup_(machine_freep) Machine *machine = calloc(1, sizeof(Machine));
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        skip();
    assert_null(machine_address(&config));
    machine->address = strdup("10.0.0.1");
    assert_int_equal(machine_info_update(machine, &config), 0);
    assert_string_equal(machine->address, "10.0.0.1");

    config.public_ip = (char *) "10.0.0.2";
    assert_int_equal(machine_info_update(machine, &config), 1);
    assert_string_equal(machine->address, "10.0.0.2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_without_a_network_keeps_the_address_that_was_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
