#include "fleetd/model/unit-name.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A247 A50 A50 A50 A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void well_formed_name_is_accepted(void **state) {
    static const char *const names[] = {
        "a.service",
        "web@1.service",
        "web@.service",
        "web@a.b.c.service",
        "mail@joe@example.service",
        "-.mount",
        "dev-sda\\x2d1.device",
        "a:b_c-d.socket",
        "app.v2.timer",
        "x.automount",
        "x.path",
        "x.scope",
        "x.slice",
        "x.swap",
        "x.target",
        "x@.path",
        "x@.socket",
        "x@.target",
        "x@.timer",
        "x@1.mount",
        A247 ".service",
    };
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_error_ Error error = {};
        assert_int_equal(unit_name_check(names[i], &error), 0);
        assert_null(error.message);
    }
}

static void malformed_name_is_refused_with_the_rule(void **state) {
    static const char *const cases[][2] = {
        {"", "a unit name is empty"},
        {"a", "unit name 'a' does not end in a unit type like .service"},
        {"a.", "unit name 'a.' does not end in a unit type like .service"},
        {"service", "unit name 'service' does not end in a unit type like .service"},
        {"a.Service", "unit name 'a.Service' does not end in a unit type like .service"},
        {"a.service@1", "unit name 'a.service@1' does not end in a unit type like .service"},
        {"a.snapshot", "unit name 'a.snapshot' does not end in a unit type like .service"},
        {".service", "unit name '.service' has nothing before the type"},
        {".a.service", "unit name '.a.service' begins with a dot, and systemd sees no such file"},
        {"...service", "unit name '...service' begins with a dot, and systemd sees no such file"},
        {"@.service", "unit name '@.service' has nothing before the '@'"},
        {"@1.service", "unit name '@1.service' has nothing before the '@'"},
        {"a/b.service", "unit name 'a/b.service' has a character other than 0-9A-Za-z:-_.\\@"},
        {"a b.service", "unit name 'a b.service' has a character other than 0-9A-Za-z:-_.\\@"},
        {"a*.service", "unit name 'a*.service' has a character other than 0-9A-Za-z:-_.\\@"},
        {"a\n.service", "unit name 'a' has a character other than 0-9A-Za-z:-_.\\@"},
        {"\xc3\xa9.service",
         "unit name '\xc3\xa9.service' has a character other than 0-9A-Za-z:-_.\\@"},
        {"a@.mount", "unit name 'a@.mount': a mount unit cannot be a template"},
        {"a@.slice", "unit name 'a@.slice': a slice unit cannot be a template"},
        {A247 "a.service", "unit name '" A50 "aaaaaaaaaaaaaa...' is over 255 bytes"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error error = {};
        assert_int_equal(unit_name_check(cases[i][0], &error), -EINVAL);
        assert_string_equal(error.message, cases[i][1]);
    }
}

static void reason_of_a_refusal_may_be_left_out(void **state) {
    assert_int_equal(unit_name_check("a/b", NULL), -EINVAL);
}

typedef struct NameParts {
    const char *name, *prefix, *instance, *type, *template;
    bool is_template, is_instance;
} NameParts;

static void name_is_taken_apart(void **state) {
    static const NameParts cases[] = {
        {"web.service", "web", "", "service", NULL, false, false},
        {"web@.service", "web", "", "service", NULL, true, false},
        {"web@1.service", "web", "1", "service", "web@.service", false, true},
        {"a.b@c.d.timer", "a.b", "c.d", "timer", "a.b@.timer", false, true},
        {"a@b@c.socket", "a", "b@c", "socket", "a@.socket", false, true},
        {"a@@.service", "a", "@", "service", "a@.service", false, true},
        {"a.b.service", "a.b", "", "service", NULL, false, false},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const NameParts *c = &cases[i];
        _cleanup_free_ char *prefix = unit_name_prefix(c->name);
        _cleanup_free_ char *instance = unit_name_instance(c->name);
        _cleanup_free_ char *template = NULL;
        assert_string_equal(prefix, c->prefix);
        assert_string_equal(instance, c->instance);
        assert_string_equal(unit_name_type(c->name), c->type);
        assert_int_equal(unit_name_is_template(c->name), c->is_template);
        assert_int_equal(unit_name_is_instance(c->name), c->is_instance);
        assert_int_equal(unit_name_template(c->name, &template), c->template ? 0 : -EINVAL);
        assert_true(streq_ptr(template, c->template));
    }
}

static void typed_text_becomes_a_name(void **state) {
    static const char *const cases[][2] = {
        {"hello", "hello.service"},
        {"hello.service", "hello.service"},
        {"./dir/hello.service", "hello.service"},
        {"/etc/hello.timer", "hello.timer"},
        {"app@1", "app@1.service"},
        {"app@10.0.0.1", "app@10.0.0.1.service"},
        {"app@.service", "app@.service"},
        {"v1.2", "v1.2.service"},
        {"hello.txt", "hello.txt.service"},
        {"dir.service/hello", "hello.service"},
        {"", ".service"},
        {"dir/", ".service"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *name = NULL;
        assert_int_equal(unit_name_complete(cases[i][0], &name), 0);
        assert_string_equal(name, cases[i][1]);
    }
}

static void specifiers_are_expanded(void **state) {
    static const char *const cases[][3] = {
        {"web@1.service", "", ""},
        {"web@1.service", "plain", "plain"},
        {"web@1.service", "%n", "web@1.service"},
        {"web@1.service", "%N", "web@1"},
        {"web@1.service", "db-%p-%i.service", "db-web-1.service"},
        {"web@1.service", "100%%", "100%"},
        {"web@1.service", "%%i", "%i"},
        {"web@1.service", "%i%i", "11"},
        {"web.service", "[%i]%p%N", "[]webweb"},
        {"a.b@c.d.service", "%N %p %i", "a.b@c.d a.b c.d"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = NULL;
        assert_int_equal(unit_name_expand(cases[i][0], cases[i][1], &text, NULL), 0);
        assert_string_equal(text, cases[i][2]);
    }
}

static void unknown_specifier_is_refused(void **state) {
    static const char *const texts[] = {"%H", "a%", "%", "%%%", "%i %m"};
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        char *text = NULL;
        _cleanup_error_ Error error = {};
        assert_int_equal(unit_name_expand("web@1.service", texts[i], &text, &error), -EINVAL);
        assert_null(text);
        assert_non_null(strstr(error.message, "has a specifier other than %n %N %p %i %%"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_name_is_accepted),
        cmocka_unit_test(malformed_name_is_refused_with_the_rule),
        cmocka_unit_test(reason_of_a_refusal_may_be_left_out),
        cmocka_unit_test(name_is_taken_apart),
        cmocka_unit_test(typed_text_becomes_a_name),
        cmocka_unit_test(specifiers_are_expanded),
        cmocka_unit_test(unknown_specifier_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
