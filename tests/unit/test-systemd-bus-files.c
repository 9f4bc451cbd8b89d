#include "tests/unit/systemd-fixture.h"

static void new_file_needs_no_reload(void **state) {
    Fixture *f = *state;
    fixture_write(f, "a.service", "[Service]\n");
    assert_heard(f, "a.service loaded/inactive/dead success; done well");
    _cleanup_free_ char *expected =
        str_printf("ListUnitsByPatterns a.service; LinkUnitFiles %s/run/units/a.service; "
                   "ListUnitsByNames a.service",
                   f->directory);
    assert_calls(f, expected);
    assert_false(fixture_has_file(f, "unfinished"));
    fixture_write(f, "a.service", "[Service]\n");
    assert_heard(f, "done well");
    assert_calls(f, "");
}

static void changed_file_of_a_loaded_unit_is_reloaded_and_not_launched(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "a.service");
    fixture_start(f, "a.service");
    fixture_turn(f);
    assert_int_equal(fake_bus_set_loaded(f->bus, "a.service"), 0);
    fixture_write(f, "a.service", "[Service]\nType=exec\n");
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
    assert_false(fixture_has_file(f, "launched/a.service"));
}

static void unit_that_was_looked_for_in_vain_needs_no_reload(void **state) {
    Fixture *f = *state;
    fake_bus_set_loaded(f->bus, "b.service");
    fake_bus_set_loaded(f->bus, "a.service");
    fake_bus_set_state(f->bus, "a.service", "not-found", "inactive", "dead");
    fake_bus_hold(f->bus, "LinkUnitFiles");
    fixture_write(f, "a.service", "[Service]\n");
    fixture_turn(f);
    fake_bus_set_state(f->bus, "a.service", "loaded", "inactive", "dead");
    fake_bus_release(f->bus);
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 0);
}

static void file_that_systemd_still_misses_is_reloaded_once(void **state) {
    Fixture *f = *state;
    fake_bus_set_state(f->bus, "a.service", "not-found", "inactive", "dead");
    fixture_write(f, "a.service", "[Service]\n");
    assert_heard(f, "a.service not-found/inactive/dead success; done well");
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
}

static void install_section_is_enabled_and_reloaded_if_links_were_made(void **state) {
    Fixture *f = *state;
    fixture_write(f, "a.service", "[Install]\nWantedBy=b.service\n");
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "EnableUnitFiles"), 1);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 0);
    fake_bus_set_extra_links(f->bus, 1);
    fixture_write(f, "b.service", "[Install]\nWantedBy=c.service\n");
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "EnableUnitFiles"), 2);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
}

static void reloads_that_are_asked_for_meanwhile_are_one(void **state) {
    Fixture *f = *state;
    static const char *const names[] = {"a.service", "b.service", "c.service", "d.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        fake_bus_set_loaded(f->bus, names[i]);
    fake_bus_hold(f->bus, "Reload");
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        fixture_write(f, names[i], "[Service]\n");
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
    fake_bus_release(f->bus);
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 2);
    assert_int_equal(strv_length(f->heard), 8);
}

static void write_that_fails_is_tried_in_full_again(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    fixture_write(f, "a.service", "[Service]\n");
    assert_heard(f, "done File exists");
    assert_true(fixture_has_file(f, "unfinished"));
    fake_bus_forget_calls(f->bus);
    fixture_write(f, "a.service", "[Service]\n");
    fixture_turn(f);
    assert_int_equal(fake_bus_count(f->bus, "LinkUnitFiles"), 1);
}

static void list_finishes_what_was_left_half_way(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    fixture_write(f, "a.service", "[Service]\n");
    fixture_turn(f);
    fixture_forget_heard(f);
    fake_bus_forget_calls(f->bus);
    unit_manager_free(TAKE_PTR(f->um));
    fixture_connect(f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive");
    assert_int_equal(fake_bus_count(f->bus, "LinkUnitFiles"), 1);
    assert_int_equal(fake_bus_count(f->bus, "Reload"), 1);
    assert_false(fixture_has_file(f, "unfinished"));
}

static void one_file_that_can_not_be_linked_does_not_hold_up_the_list(void **state) {
    Fixture *f = *state;
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    fixture_write(f, "a.service", "[Service]\n");
    fixture_turn(f);
    fixture_forget_heard(f);
    fake_bus_fail_next(f->bus, "LinkUnitFiles", "org.freedesktop.DBus.Error.FileExists");
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive");
}

static void bad_names_templates_and_texts_reach_no_disk(void **state) {
    Fixture *f = *state;
    fixture_write(f, "../a.service", "[Service]\n");
    fixture_write(f, "a@.service", "[Service]\n");
    fixture_write(f, "a.service", "Service]\n");
    assert_heard(f, "done Invalid argument; done Invalid argument; done Invalid argument");
    assert_calls(f, "");
    assert_int_equal(unit_manager_start(f->um, "a/b.service", on_job, f), -EINVAL);
    assert_int_equal(unit_manager_stop(f->um, "a/b.service", on_job, f), -EINVAL);
    assert_int_equal(unit_manager_remove(f->um, "../b.service", on_done, f), -EINVAL);
}

static void new_fleetd_lists_files_with_their_marks(void **state) {
    Fixture *f = *state;
    fixture_have_unit(f, "b.service");
    fixture_have_unit(f, "a.service");
    fixture_start(f, "b.service");
    fixture_turn(f);
    unit_manager_free(TAKE_PTR(f->um));
    fake_bus_set_state(f->bus, "b.service", "loaded", "failed", "failed");
    fixture_connect(f);
    assert_int_equal(unit_manager_list(f->um, on_list, f), 0);
    assert_heard(f, "list 0; a.service inactive; b.service failed launched; "
                    "b.service loaded/failed/failed exit-code");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        bus_test(new_file_needs_no_reload),
        bus_test(changed_file_of_a_loaded_unit_is_reloaded_and_not_launched),
        bus_test(unit_that_was_looked_for_in_vain_needs_no_reload),
        bus_test(file_that_systemd_still_misses_is_reloaded_once),
        bus_test(install_section_is_enabled_and_reloaded_if_links_were_made),
        bus_test(reloads_that_are_asked_for_meanwhile_are_one),
        bus_test(write_that_fails_is_tried_in_full_again),
        bus_test(list_finishes_what_was_left_half_way),
        bus_test(one_file_that_can_not_be_linked_does_not_hold_up_the_list),
        bus_test(bad_names_templates_and_texts_reach_no_disk),
        bus_test(new_fleetd_lists_files_with_their_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
