#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "tests/unit/requirements-test.h"

#define OTHER_ID "ffffffffffffffffffffffffffffffff"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void options_are_understood(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", "", ""},
        {"a.service", "[Unit]\nMachineOf=x\nConflicts=b.service\n[Service]\nGlobal=x\n", ""},
        {"a.service", X, ""},
        {"a.service", X "MachineID=" ID "\n", "id: " ID "\n"},
        {"a.service", X "MachineID=0123456789ABCDEF0123456789abcdef\n", "id: " ID "\n"},
        {"a.service", X "MachineID=" ID "\nMachineID=" OTHER_ID "\n", "id: " ID "\n"},
        {"a.service", X "MachineOf=b.service\n", "of: b.service\n"},
        {"a.service", X "MachineOf=b.service\nMachineOf=c.socket b.service\n",
         "of: b.service c.socket\n"},
        {"a.service", X "Conflicts=b*.service \t ?.timer\nConflicts=[a-c].path\n",
         "conflicts: b*.service ?.timer [a-c].path\n"},
        {"a.service", X "Conflicts=a*\n", "conflicts: a*\n"},
        {"a.service", X "Replaces=b.service\nReplaces=c*\n", "replaces: b.service c*\n"},
        {"a.service", "[X-Fleet]\nConflicts=b\n[Unit]\nx=1\n[X-Fleet]\nConflicts=c\n",
         "conflicts: b c\n"},
        {"a.service", X "Global=true\nConflicts=b\nMachineMetadata=k=v\n",
         "k=v\nconflicts: b\nglobal\n"},
        {"a.service", X "MachineID=" ID "\nMachineMetadata=k=v\nGlobal=no\n", "id: " ID "\nk=v\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void metadata_of_one_key_are_alternatives(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", X "MachineMetadata=k=v\n", "k=v\n"},
        {"a.service", X "MachineMetadata=k=v=w\n", "k=v=w\n"},
        {"a.service", X "MachineMetadata=k=v l=w k=x\n", "k=v|x\nl=w\n"},
        {"a.service", X "MachineMetadata=\"k=v\" \"l=w\"\n", "k=v\nl=w\n"},
        {"a.service", X "MachineMetadata='k=v w'\n", "k=v w\n"},
        {"a.service", X "MachineMetadata=z=1\nMachineMetadata=a=1\nMachineMetadata=z=2\n",
         "a=1\nz=1|2\n"},
        {"a.service", X "MachineMetadata=k=v\nMachineMetadata=k=v\n", "k=v\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void old_spellings_mean_the_same(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", X "X-ConditionMachineID=" ID "\n", "id: " ID "\n"},
        {"a.service", X "X-ConditionMachineBootID=" ID "\nMachineID=" OTHER_ID "\n",
         "id: " ID "\n"},
        {"a.service", X "X-ConditionMachineOf=b.service\n", "of: b.service\n"},
        {"a.service", X "X-ConditionMachineMetadata=k=v\n", "k=v\n"},
        {"a.service", X "X-Conflicts=b\nConflicts=c\n", "conflicts: b c\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void specifiers_stand_for_the_unit(void **state) {
    static const RequirementsCase cases[] = {
        {"app@1.service", X "MachineOf=db@%i.service\n", "of: db@1.service\n"},
        {"app@1.service", X "Conflicts=%p@*.service\n", "conflicts: app@*.service\n"},
        {"app@1.service", X "Conflicts=%n %N.timer\n", "conflicts: app@1.service app@1.timer\n"},
        {"app@eu.service", X "MachineMetadata=region=%i\n", "region=eu\n"},
        {"app@" ID ".service", X "MachineID=%i\n", "id: " ID "\n"},
        {"app.service", X "MachineOf=%p-data.service\n", "of: app-data.service\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void template_keeps_its_specifiers(void **state) {
    static const RequirementsCase cases[] = {
        {"app@.service", X "MachineOf=db@%i.service\nMachineMetadata=region=%i\n",
         "of: db@%i.service\nregion=%i\n"},
        {"app@.service", X "MachineID=%i\n", "id: %i\n"},
        {"app@.service", X "Conflicts=%p@*.service b*\n", "conflicts: %p@*.service b*\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void truth_is_written_in_many_ways(void **state) {
    static const char *const truths[] = {"true", "yes", "1", "on", "t", "y", "True", "YES"};
    static const char *const falsehoods[] = {"false", "no", "0", "off", "f", "n", "False", "OFF"};
    for (size_t i = 0; i < ELEMENTSOF(truths); i++) {
        _cleanup_free_ char *last =
            str_printf(X "Global=%s\nGlobal=%s\n", falsehoods[i], truths[i]);
        _cleanup_free_ char *none =
            str_printf(X "Global=%s\nGlobal=%s\n", truths[i], falsehoods[i]);
        assert_requirements(&(RequirementsCase){"a.service", last, "global\n"});
        assert_requirements(&(RequirementsCase){"a.service", none, ""});
    }
}

static void unknown_option_is_refused_with_a_suggestion(void **state) {
    static const char *const cases[][2] = {
        {"[Unit]\n\n" X "MachineOff=b.service\n",
         "line 4: [X-Fleet] unknown option 'MachineOff' (did you mean 'MachineOf'?)"},
        {X "global=true\n", "line 2: [X-Fleet] unknown option 'global' (did you mean 'Global'?)"},
        {X "Conflict=b\n",
         "line 2: [X-Fleet] unknown option 'Conflict' (did you mean 'Conflicts'?)"},
        {X "ExecStart=/bin/true\n", "line 2: [X-Fleet] unknown option 'ExecStart'"},
        {"[x-fleet]\nGlobal=true\n",
         "line 2: [x-fleet] unknown section (did you mean '[X-Fleet]'?)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused("a.service", cases[i][0], cases[i][1]);
}

static void malformed_value_is_refused_with_its_line(void **state) {
    static const char *const cases[][2] = {
        {X "MachineID=\n", "line 2: [X-Fleet] MachineID has no value"},
        {X "MachineOf=\n", "line 2: [X-Fleet] MachineOf has no value"},
        {X "Conflicts=\n", "line 2: [X-Fleet] Conflicts has no value"},
        {X "MachineMetadata=\n", "line 2: [X-Fleet] MachineMetadata has no value"},
        {X "Global=\n", "line 2: [X-Fleet] Global has no value"},
        {X "Global=maybe\n", "line 2: [X-Fleet] Global: 'maybe' is neither true nor false"},
        {X "MachineID=abc\n", "line 2: [X-Fleet] MachineID: 'abc' is not a machine id (32 "
                              "lower-case hexadecimal digits)"},
        {X "MachineID=" ID "\nX-ConditionMachineBootID=b\n",
         "line 3: [X-Fleet] X-ConditionMachineBootID: 'b' is not a machine id (32 lower-case "
         "hexadecimal digits)"},
        {X "MachineOf=db\n", "line 2: [X-Fleet] MachineOf: 'db' is not a full unit name (did you "
                             "mean 'db.service'?)"},
        {X "MachineOf=./db.service\n", "line 2: [X-Fleet] MachineOf: './db.service' is not a full "
                                       "unit name (did you mean 'db.service'?)"},
        {X "MachineOf=b*.service\n", "line 2: [X-Fleet] MachineOf: unit name 'b*.service' has a "
                                     "character other than 0-9A-Za-z:-_.\\@"},
        {X "MachineOf=b@.service\n", "line 2: [X-Fleet] MachineOf: 'b@.service' is a template, "
                                     "which runs nowhere"},
        {X "MachineOf=b.service a.service\n",
         "line 2: [X-Fleet] MachineOf: 'a.service' is the unit itself"},
        {X "MachineOf=%n\n", "line 2: [X-Fleet] MachineOf: 'a.service' is the unit itself"},
        {X "MachineOf=%H.service\n", "line 2: [X-Fleet] MachineOf: '%H.service' has a specifier "
                                     "other than %n %N %p %i %%"},
        {X "Conflicts=b.service,c.service\n",
         "line 2: [X-Fleet] Conflicts: 'b.service,c.service' has a character that is in no unit "
         "name and no glob"},
        {X "Conflicts=\"\"\n", "line 2: [X-Fleet] Conflicts: an empty word"},
        {X "Conflicts=b %i\n",
         "line 2: [X-Fleet] Conflicts: '%i' is nothing in the name of this unit"},
        {X "Replaces=a/b\n",
         "line 2: [X-Fleet] Replaces: 'a/b' has a character that is in no unit name and no glob"},
        {X "MachineMetadata=region\n",
         "line 2: [X-Fleet] MachineMetadata: 'region' is not of the form key=value (quote it as a "
         "whole if it has spaces)"},
        {X "MachineMetadata=region=\n",
         "line 2: [X-Fleet] MachineMetadata: 'region=' is not of the form key=value (quote it as a "
         "whole if it has spaces)"},
        {X "MachineMetadata=region=eu west\n",
         "line 2: [X-Fleet] MachineMetadata: 'west' is not of the form key=value (quote it as a "
         "whole if it has spaces)"},
        {X "MachineMetadata==v\n", "line 2: [X-Fleet] MachineMetadata: a metadata key is empty"},
        {X "MachineMetadata=\"k=v\n",
         "line 2: [X-Fleet] MachineMetadata: a quote that does not enclose a whole word"},
        {X "MachineMetadata=\"k=v\"x\n",
         "line 2: [X-Fleet] MachineMetadata: a quote that does not enclose a whole word"},
        {X "MachineMetadata=\"k\"=v\n",
         "line 2: [X-Fleet] MachineMetadata: a quote that does not enclose a whole word"},
        {X "MachineMetadata=k=\"v w\"\n",
         "line 2: [X-Fleet] MachineMetadata: a quote that does not enclose a whole word"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused("a.service", cases[i][0], cases[i][1]);
}

static void instance_is_checked_where_its_template_could_not_be(void **state) {
    assert_requirements(&(RequirementsCase){"app@.service", X "MachineOf=%i\n", "of: %i\n"});
    assert_refused("app@db.service", X "MachineOf=%i\n",
                   "line 2: [X-Fleet] MachineOf: 'db' is not a full unit name (did you mean "
                   "'db.service'?)");
    assert_refused("app@.service", X "MachineOf=%H\n",
                   "line 2: [X-Fleet] MachineOf: '%H' has a specifier other than %n %N %p %i %%");
    assert_refused("app@.service", X "MachineOf=db\n",
                   "line 2: [X-Fleet] MachineOf: 'db' is not a full unit name (did you mean "
                   "'db.service'?)");
}

static void contradicting_options_are_refused(void **state) {
    static const char *const lines[] = {
        ("MachineID=" ID),    "MachineOf=b.service", "Conflicts=c.service",
        "Replaces=c.service", "Global=true",         "MachineMetadata=k=v",
    };
    static const char *const names[] = {"MachineID", "MachineOf", "Conflicts",
                                        "Replaces",  "Global",    "MachineMetadata"};
    static const char is_refused[6][7] = {
        /*        ID Of Co Re Gl Me */
        /* ID */ ".xxxx.",
        /* Of */ "x...x.",
        /* Co */ "x..x..",
        /* Re */ "x.x.x.",
        /* Gl */ "xx.x..",
        /* Me */ "......",
    };
    for (size_t i = 0; i < ELEMENTSOF(lines); i++)
        for (size_t j = 0; j < ELEMENTSOF(lines); j++) {
            _cleanup_free_ char *text = str_printf(X "%s\n%s\n", lines[i], lines[j]);
            _cleanup_free_ char *message =
                str_printf("line 3: [X-Fleet] %s contradicts %s in line 2", names[j], names[i]);
            _cleanup_(requirements_freep) Requirements *requirements = NULL;
            if (is_refused[i][j] == 'x')
                assert_refused("a.service", text, message);
            else
                assert_int_equal(parse_requirements("a.service", text, &requirements, NULL), 0);
        }
}

static void peer_that_is_kept_away_is_refused(void **state) {
    assert_refused("a.service", X "MachineOf=c.service b.service\nConflicts=x b*\n",
                   "line 3: [X-Fleet] Conflicts matches 'b.service', which MachineOf asks for");
    assert_refused("a.service", X "Replaces=b*\nMachineOf=b.service\n",
                   "line 2: [X-Fleet] Replaces matches 'b.service', which MachineOf asks for");
    assert_refused(
        "app@1.service", X "X-Conflicts=db@1.*\nMachineOf=db@%i.service\n",
        "line 2: [X-Fleet] X-Conflicts matches 'db@1.service', which MachineOf asks for");
    assert_requirements(&(RequirementsCase){"app@1.service",
                                            X "Conflicts=app@*.service\nMachineOf=b.service\n",
                                            "of: b.service\nconflicts: app@*.service\n"});
}

static void option_without_a_text_is_refused_without_a_line(void **state) {
    static const UnitOption options[] = {{"X-Fleet", "Global", "yes"},
                                         {"X-Fleet", "MachineOf", "b.service"}};
    static const UnitOption unknown = {"X-Fleet", "Foo", "bar"};
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL, *other = NULL;
    assert_int_equal(unit_file_from_options(options, 2, &file, NULL), 0);
    assert_int_equal(unit_file_from_options(&unknown, 1, &other, NULL), 0);

    Requirements *requirements = NULL;
    _cleanup_error_ Error error = {}, other_error = {};
    assert_int_equal(requirements_parse(file, "a.service", &requirements, &error), -EINVAL);
    assert_string_equal(error.message, "[X-Fleet] MachineOf contradicts Global");
    assert_int_equal(requirements_parse(other, "a.service", &requirements, &other_error), -EINVAL);
    assert_string_equal(other_error.message, "[X-Fleet] unknown option 'Foo'");
}

/* [X-Fleet] with n conflicts, two a line. */
static char *conflicts_text(size_t n) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    fputs(X, stream);
    for (size_t i = 0; i < n; i++)
        fprintf(stream, "%sb%zu", i % 2 ? " " : "\nConflicts=", i);
    fclose(stream);
    return text;
}

static void values_of_an_option_are_limited_in_number(void **state) {
    _cleanup_free_ char *most = conflicts_text(REQUIREMENT_VALUES_MAX);
    _cleanup_free_ char *more = conflicts_text(REQUIREMENT_VALUES_MAX + 1);
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    assert_int_equal(parse_requirements("a.service", most, &requirements, NULL), 0);
    assert_int_equal(strv_length(requirements->conflicts), REQUIREMENT_VALUES_MAX);
    assert_refused("a.service", more, "line 131: [X-Fleet] Conflicts: more than 256 values");
}

static void values_are_limited_in_length(void **state) {
    _cleanup_free_ char *name = str_printf(X "Conflicts=%0*d\n", UNIT_NAME_MAX, 1);
    _cleanup_free_ char *glob = str_printf(X "Conflicts=%0*d\n", UNIT_NAME_MAX + 1, 1);
    _cleanup_free_ char *anything = str_printf(X "Conflicts=%0*d\n", 1000, 1);
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    assert_int_equal(parse_requirements("a.service", name, &requirements, NULL), 0);
    assert_refused("a.service", glob,
                   "line 2: [X-Fleet] Conflicts: '" ZEROS "...' is longer "
                   "than any unit name");
    assert_refused("a.service", anything,
                   "line 2: [X-Fleet] Conflicts: '" ZEROS "...' is too long");
}

static void globs_match_whole_names(void **state) {
    static const char *const cases[][3] = {
        {"b.service", "b.service", "yes"},
        {"b", "b.service", "no"},
        {"b.service", "b", "no"},
        {"b*", "b.service", "yes"},
        {"b*", "b", "yes"},
        {"b?*", "b", "no"},
        {"*", "b.service", "yes"},
        {"?.service", "b.service", "yes"},
        {"?.service", "bb.service", "no"},
        {"[a-c].service", "b.service", "yes"},
        {"[!a-c].service", "b.service", "no"},
        {"app@*.service", "app@1.service", "yes"},
        {"app@*.service", "apt@1.service", "no"},
        {"app@*.service", "app@1.timer", "no"},
        {"app@*.service", "ap", "no"},
        {"*.timer", "b.service", "no"},
        {"B.service", "b.service", "no"},
        {"a\\x2db.service", "a\\x2db.service", "yes"},
        {"[b.service", "b.service", "no"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        char *globs[] = {(char *) "nothing", (char *) cases[i][0], NULL};
        assert_int_equal(requirements_glob_matches(globs, cases[i][1]), cases[i][2][0] == 'y');
    }
    assert_false(requirements_glob_matches(NULL, "b.service"));
}

static void every_option_is_described(void **state) {
    size_t n = 0;
    for (const RequirementOption *option; (option = requirements_option(n)); n++) {
        assert_non_null(option->name);
        assert_non_null(option->argument);
        assert_non_null(option->meaning);
    }
    assert_int_equal(n, 28);
    assert_string_equal(requirements_option(0)->name, "MachineID");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_understood),
        cmocka_unit_test(metadata_of_one_key_are_alternatives),
        cmocka_unit_test(old_spellings_mean_the_same),
        cmocka_unit_test(specifiers_stand_for_the_unit),
        cmocka_unit_test(template_keeps_its_specifiers),
        cmocka_unit_test(truth_is_written_in_many_ways),
        cmocka_unit_test(unknown_option_is_refused_with_a_suggestion),
        cmocka_unit_test(malformed_value_is_refused_with_its_line),
        cmocka_unit_test(instance_is_checked_where_its_template_could_not_be),
        cmocka_unit_test(contradicting_options_are_refused),
        cmocka_unit_test(peer_that_is_kept_away_is_refused),
        cmocka_unit_test(option_without_a_text_is_refused_without_a_line),
        cmocka_unit_test(values_of_an_option_are_limited_in_number),
        cmocka_unit_test(values_are_limited_in_length),
        cmocka_unit_test(globs_match_whole_names),
        cmocka_unit_test(every_option_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
