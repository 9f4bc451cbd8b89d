#include "fleetd/base/strv.h"
#include "fleetd/model/template-scale.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static void instances_are_told_by_their_numbers(void **state) {
    static const struct {
        const char *name;
        uint64_t number;
    } cases[] = {
        {"app@1.service", 1},
        {"app@10.service", 10},
        {"app@999999999.service", 999999999},
        {"app@0.service", 0},
        {"app@01.service", 0},
        {"app@1000000000.service", 0},
        {"app@.service", 0},
        {"app@blue.service", 0},
        {"app@1b.service", 0},
        {"app@1@2.service", 0},
        {"app@1.socket", 0},
        {"apple@1.service", 0},
        {"ap@1.service", 0},
        {"app.service", 0},
        {"app@+1.service", 0},
        {"app@-1.service", 0},
        {"", 0},
        {"app@", 0},
        {"app@1.service.x", 0},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        if (template_instance_number("app@.service", cases[i].name) != cases[i].number)
            fail_msg("%s", cases[i].name);
}

static void instance_has_the_number_that_it_was_made_with(void **state) {
    static const uint64_t numbers[] = {1, 9, 10, SCALE_COUNT_MAX};
    for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
        _cleanup_free_ char *name = template_instance_name("app@.timer", numbers[i]);
        assert_int_equal(template_instance_number("app@.timer", name), numbers[i]);
    }
    _cleanup_free_ char *name = template_instance_name("app@.service", 3);
    assert_string_equal(name, "app@3.service");
}

static void only_templates_have_instances(void **state) {
    char name[300];
    static const struct {
        const char *template;
        uint64_t count;
        const char *problem;
    } cases[] = {
        {"app.service", 1, "'app.service' is no template, like app@.service, and has no instances"},
        {"app@1.service", 1,
         "'app@1.service' is no template, like app@.service, and has no instances"},
        {"app@", 1, "unit name 'app@' does not end in a unit type like .service"},
        {"app@.service", SCALE_COUNT_MAX + 1, "count is not between 0 and 10000"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error error = {};
        assert_int_equal(template_scale_check(cases[i].template, cases[i].count, &error), -EINVAL);
        assert_string_equal(error.message, cases[i].problem);
    }
    assert_int_equal(template_scale_check("app@.service", 0, NULL), 0);
    assert_int_equal(template_scale_check("app@.service", SCALE_COUNT_MAX, NULL), 0);
    (void) snprintf(name, sizeof(name), "%0244d@.service", 7);
    assert_int_equal(template_scale_check(name, 99, NULL), 0);
    assert_int_equal(template_scale_check(name, 1000, NULL), -EINVAL);
}

static void record_is_read_as_it_was_written(void **state) {
    const TemplateScale scale = {.count = 0, .since_usec = 7};
    _cleanup_free_ char *text = template_scale_format(&scale);
    _cleanup_(template_scale_freep) TemplateScale *read = NULL;
    assert_string_equal(text, "{\"count\":0,\"sinceUsec\":7}");
    assert_int_equal(template_scale_parse("app@.service", text, strlen(text), &read, NULL), 0);
    assert_string_equal(read->name, "app@.service");
    assert_int_equal(read->count, 0);
    assert_int_equal(read->since_usec, 7);
    static const char *const bad[] = {"", "{}", "{\"count\":-1}", "{\"count\":\"many\"}", "[]"};
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        TemplateScale *none = NULL;
        assert_true(template_scale_parse("app@.service", bad[i], strlen(bad[i]), &none, NULL) < 0);
        assert_null(none);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instances_are_told_by_their_numbers),
        cmocka_unit_test(instance_has_the_number_that_it_was_made_with),
        cmocka_unit_test(only_templates_have_instances),
        cmocka_unit_test(record_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
