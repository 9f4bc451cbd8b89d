/* What 'fleetctl explain' says of options, which is made of the manual pages. */
#include "fleetctl/print/option-manual.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "tests/unit/cmocka-test.h"

static const OptionManual *manual_find(const char *page, const char *name) {
    for (const OptionManual *manual = option_manuals; manual->name; manual++)
        if (streq(manual->page, page) && streq(manual->name, name))
            return manual;
    return NULL;
}

static void each_option_of_a_unit_has_a_manual(void **state) {
    const RequirementOption *option;
    for (size_t i = 0; (option = requirements_option(i)); i++) {
        const OptionManual *manual = manual_find(OPTION_MANUAL_UNIT, option->name);
        assert_non_null(manual);
        assert_int_equal(strncmp(manual->tag, option->name, strlen(option->name)), 0);
        assert_true(strlen(manual->text) > 20);
    }
}

static void a_manual_has_nothing_of_the_page_s_markup(void **state) {
    size_t n = 0;
    for (const OptionManual *manual = option_manuals; manual->name; manual++, n++) {
        const char *texts[] = {manual->tag, manual->text};
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
            assert_null(strstr(texts[i], "\\f"));
            assert_null(strstr(texts[i], "\\-"));
            assert_null(strstr(texts[i], "\n."));
            assert_null(strstr(texts[i], "\n\n"));
            assert_null(strchr(texts[i], '"'));
        }
    }
    assert_true(n > 40);
}

static void fonts_and_nested_tags_become_plain_text(void **state) {
    const OptionManual *manual = manual_find(OPTION_MANUAL_UNIT, "HealthCheck");
    assert_string_equal(manual->tag, "HealthCheck=URL|COMMAND");
    assert_non_null(strstr(manual->text, "\n  tcp://[ADDRESS]:PORT\n      The port must take"));
    assert_non_null(strstr(manual->text, "\nWithout a host, 127.0.0.1 is asked.\n"));
    manual = manual_find(OPTION_MANUAL_UNIT, "MachineID");
    assert_non_null(strstr(manual->text, "in full (machine-id(5)). The first one counts.\n"));
}

static void names_that_share_a_text_each_have_it(void **state) {
    const OptionManual *one = manual_find(OPTION_MANUAL_CONF, "etcd_certfile"),
                       *other = manual_find(OPTION_MANUAL_CONF, "etcd_keyfile");
    assert_string_equal(one->text, other->text);
    assert_string_equal(one->tag, "etcd_certfile, etcd_keyfile");
    assert_null(manual_find(OPTION_MANUAL_CONF, "boolean")); /* a type of values */
}

/* In an instance of a template, as some need others like it, with what some others are about. */
static int example_check(const char *line, Error *reterr) {
    bool is_of_health = strncmp(line, "Health", 6) == 0 && strncmp(line, "HealthCheck", 11) != 0;
    _cleanup_free_ char *text = str_printf("[Service]\nExecStart=/bin/true\n[X-Fleet]\n%s%s\n",
                                           is_of_health ? "HealthCheck=tcp://:80\n" : "", line);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    int r = unit_file_parse(text, strlen(text), &file, reterr);
    return r < 0 ? r : requirements_parse(file, "app@1.service", &requirements, reterr);
}

static void each_option_of_a_unit_has_an_example_that_is_accepted(void **state) {
    const RequirementOption *option;
    for (size_t i = 0; (option = requirements_option(i)); i++) {
        const OptionManual *manual = manual_find(OPTION_MANUAL_UNIT, option->name);
        const char *example = strstr(manual->text, "\nExample: ");
        _cleanup_error_ Error error = {};
        if (!example)
            fail_msg("%s has no example", option->name);
        example += strlen("\nExample: ");
        _cleanup_free_ char *line = strndup(example, strcspn(example, "\n"));
        assert_int_equal(strncmp(line, option->name, strlen(option->name)), 0);
        if (example_check(line, &error) < 0)
            fail_msg("%s: %s", line, error_text(&error, 0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_of_a_unit_has_a_manual),
        cmocka_unit_test(a_manual_has_nothing_of_the_page_s_markup),
        cmocka_unit_test(fonts_and_nested_tags_become_plain_text),
        cmocka_unit_test(names_that_share_a_text_each_have_it),
        cmocka_unit_test(each_option_of_a_unit_has_an_example_that_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
