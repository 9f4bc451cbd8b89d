#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-name.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <inttypes.h>

#define ID "0123456789abcdef0123456789abcdef"
#define OTHER_ID "ffffffffffffffffffffffffffffffff"

static int parse(const char *name, const char *text, Requirements **ret, Error *reterr) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    return requirements_parse(file, name, ret, reterr);
}

static void reserve_describe(FILE *stream, const Reserve *reserve) {
    if (reserve->memory_bytes > 0)
        fprintf(stream, "memory: %" PRIu64 "\n", reserve->memory_bytes);
    if (reserve->memory_permyriad > 0)
        fprintf(stream, "memory: %" PRIu64 "/10000\n", reserve->memory_permyriad);
    if (reserve->cpu_thousandths > 0)
        fprintf(stream, "cpu: %" PRIu64 "/1000\n", reserve->cpu_thousandths);
}

static void ranking_describe(FILE *stream, const Ranking *ranking) {
    STRV_FOREACH (key, ranking->spread)
        fprintf(stream, "spread: %s\n", *key);
    for (size_t i = 0; i < ranking->n_preferences; i++)
        fprintf(stream, "%s=%s %+d\n", ranking->preferences[i].key, ranking->preferences[i].value,
                ranking->preferences[i].weight);
    if (ranking->priority != PRIORITY_DEFAULT)
        fprintf(stream, "priority: %u\n", ranking->priority);
}

static void list_describe(FILE *stream, const char *label, char *const *list) {
    _cleanup_free_ char *text = strv_join(list, " ");
    if (list)
        fprintf(stream, "%s: %s\n", label, text);
}

static void health_describe(FILE *stream, const HealthCheck *check) {
    static const char *const kinds[] = {"http", "tcp", "exec"};
    _cleanup_free_ char *command = strv_join(check->command, "|");
    fprintf(stream, "%s %s%s%s", check->kind >= 0 ? kinds[check->kind] : "open",
            str_or(check->url, ""), str_or(check->host, ""), check->command ? command : "");
    if (check->port)
        fprintf(stream, " port %u", check->port);
    fprintf(stream, ", every %" PRIu64 " ms within %" PRIu64 ", %" PRIu64 " times, after %" PRIu64,
            check->interval_usec / USEC_PER_MSEC, check->timeout_usec / USEC_PER_MSEC,
            check->retries, check->start_period_usec / USEC_PER_MSEC);
    fprintf(stream, check->may_restart ? ", restarts\n" : "\n");
}

static char *describe(const Requirements *requirements) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (requirements->machine_id)
        fprintf(stream, "id: %s\n", requirements->machine_id);
    list_describe(stream, "of", requirements->machine_of);
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        _cleanup_free_ char *values = strv_join(requirements->metadata[i].values, "|");
        fprintf(stream, "%s=%s\n", requirements->metadata[i].key, values);
    }
    list_describe(stream, "conflicts", requirements->conflicts);
    list_describe(stream, "replaces", requirements->replaces);
    if (requirements->is_global)
        fprintf(stream, "global\n");
    if (requirements->stop_after_usec > 0)
        fprintf(stream, "stop after %" PRIu64 " ms, within %" PRIu64 " ms\n",
                requirements->stop_after_usec / USEC_PER_MSEC,
                requirements_stop_within(requirements, 0) / USEC_PER_MSEC);
    reserve_describe(stream, &requirements->reserve);
    ranking_describe(stream, &requirements->ranking);
    if (requirements->health)
        health_describe(stream, requirements->health);
    fclose(stream);
    return text;
}

typedef struct RequirementsCase {
    const char *name;
    const char *text;
    const char *expected;
} RequirementsCase;

static void assert_requirements(const RequirementsCase *c) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    if (parse(c->name, c->text, &requirements, &error) < 0)
        fail_msg("%s: %s", c->text, error.message);
    _cleanup_free_ char *text = describe(requirements);
    assert_string_equal(text, c->expected);
}

#define X "[X-Fleet]\n"
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

static void assert_refused(const char *name, const char *text, const char *message) {
    Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(parse(name, text, &requirements, &error), -EINVAL);
    assert_null(requirements);
    assert_string_equal(error.message, message);
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
                assert_int_equal(parse("a.service", text, &requirements, NULL), 0);
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
    assert_int_equal(parse("a.service", most, &requirements, NULL), 0);
    assert_int_equal(strv_length(requirements->conflicts), REQUIREMENT_VALUES_MAX);
    assert_refused("a.service", more, "line 131: [X-Fleet] Conflicts: more than 256 values");
}

static void values_are_limited_in_length(void **state) {
    _cleanup_free_ char *name = str_printf(X "Conflicts=%0*d\n", UNIT_NAME_MAX, 1);
    _cleanup_free_ char *glob = str_printf(X "Conflicts=%0*d\n", UNIT_NAME_MAX + 1, 1);
    _cleanup_free_ char *anything = str_printf(X "Conflicts=%0*d\n", 1000, 1);
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    assert_int_equal(parse("a.service", name, &requirements, NULL), 0);
    assert_refused("a.service", glob,
                   "line 2: [X-Fleet] Conflicts: '" ZEROS "...' is longer "
                   "than any unit name");
    assert_refused("a.service", anything,
                   "line 2: [X-Fleet] Conflicts: '" ZEROS "...' is too long");
}

#define CHECK X "HealthCheck=tcp://:1\n"
#define USUAL ", every 10000 ms within 3000, 3 times, after 30000"

static void health_checks_are_understood(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", X "HealthCheck=http://:8080/healthz\n",
         "http http://127.0.0.1:8080/healthz" USUAL "\n"},
        {"a.service", X "HealthCheck=https://a-b.example:443\n",
         "http https://a-b.example:443/" USUAL "\n"},
        {"a.service", X "HealthCheck=http://[::1]:80/?a=b\n",
         "http http://[::1]:80/?a=b" USUAL "\n"},
        {"a.service", X "HealthCheck=tcp://:5432\n", "tcp 127.0.0.1 port 5432" USUAL "\n"},
        {"a.service", X "HealthCheck=tcp://localhost:65535\n",
         "tcp 127.0.0.1 port 65535" USUAL "\n"},
        {"a.service", X "HealthCheck=tcp://[fe80::1]:1\n", "tcp fe80::1 port 1" USUAL "\n"},
        {"a@8.service", X "HealthCheck=http://:80%i/%p\n",
         "http http://127.0.0.1:808/a" USUAL "\n"},
        {"a@8.service", X "HealthCheck=exec:/bin/test -e '/run/a b' %i\n",
         "exec /bin/test|-e|/run/a b|8" USUAL "\n"},
        {"a@.service", X "HealthCheck=http://:80%i\n", "open " USUAL "\n"},
        {"a@.service", X "HealthCheck=tcp://:1\n", "tcp 127.0.0.1 port 1" USUAL "\n"},
        {"a.service", X "HealthCheck=tcp://:1\nHealthCheck=exec:/bin/true\n",
         "exec /bin/true" USUAL "\n"},
        {"a.service",
         CHECK "HealthInterval=1min\nHealthTimeout=5\nHealthRetries=7\nHealthStartPeriod=0\n",
         "tcp 127.0.0.1 port 1, every 60000 ms within 5000, 7 times, after 0\n"},
        {"a.service", CHECK "HealthInterval=1\n",
         "tcp 127.0.0.1 port 1, every 1000 ms within 500, 3 times, after 30000\n"},
        {"a.service", CHECK "[Service]\nRestart=on-failure\n",
         "tcp 127.0.0.1 port 1" USUAL ", restarts\n"},
        {"a.service", CHECK "[Service]\nRestart=always\nRestart=no\n",
         "tcp 127.0.0.1 port 1" USUAL "\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void health_checks_that_make_no_sense_are_refused(void **state) {
    static const char *const cases[][2] = {
        {"ftp://:21", "'ftp://:21' begins with none of http://, https://, tcp:// and exec:"},
        {"http://:", "it names no port (like ':8080')"},
        {"http://host/path", "it names no port (like ':8080')"},
        {"http://:65536/", "it names no port (like ':8080')"},
        {"http://:0", "it names no port (like ':8080')"},
        {"http://user@host:80/", "it names no port (like ':8080')"},
        {"http://:80 /", "behind its port stands no path of a URL"},
        {"http://:80/a b", "behind its port stands no path of a URL"},
        {"http://:80/a#b", "behind its port stands no path of a URL"},
        {"http://[::1:80/", "what stands in brackets is no IPv6 address"},
        {"http://[1.2.3.4]:80/", "what stands in brackets is no IPv6 address"},
        {"tcp://:80/", "behind its port stands more"},
        {"tcp://db.example:80", "'db.example' is no address"},
        {"exec:true", "it names no program by an absolute path"},
        {"exec:", "it names no program by an absolute path"},
        {"exec:/bin/sh -c 'a", "a quote that does not enclose a whole word"},
        {"http://:80/%H", "'http://:80/%H' has a specifier other than %n %N %p %i %%"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = str_printf(X "HealthCheck=%s\n", cases[i][0]);
        _cleanup_free_ char *expected =
            str_printf("line 2: [X-Fleet] HealthCheck: %s", cases[i][1]);
        assert_refused("a.service", text, expected);
    }
}

static void health_options_must_go_together(void **state) {
    static const char *const cases[][3] = {
        {"a.service", X "HealthRetries=3\n",
         "line 2: [X-Fleet] HealthRetries says nothing without HealthCheck"},
        {"a@.service", X "HealthInterval=3\n",
         "line 2: [X-Fleet] HealthInterval says nothing without HealthCheck"},
        {"a.service", CHECK "HealthTimeout=10s\n",
         "line 3: [X-Fleet] HealthTimeout is not less than HealthInterval, 10s"},
        {"a.service", CHECK "HealthTimeout=3\nHealthInterval=2\n",
         "line 3: [X-Fleet] HealthTimeout is not less than HealthInterval, 2s"},
        {"a.service", CHECK "HealthInterval=999ms\n",
         "line 3: [X-Fleet] HealthInterval: '999ms' is too short"},
        {"a.service", CHECK "HealthInterval=25h\n",
         "line 3: [X-Fleet] HealthInterval: '25h' is more than a day"},
        {"a.service", CHECK "HealthRetries=0\n",
         "line 3: [X-Fleet] HealthRetries: '0' is no number from 1 to 100"},
        {"a.service", CHECK "HealthRetries=1x\n",
         "line 3: [X-Fleet] HealthRetries: '1x' is no number from 1 to 100"},
        {"a.service", CHECK "HealthRetries=101\n",
         "line 3: [X-Fleet] HealthRetries: '101' is no number from 1 to 100"},
        {"a.timer", CHECK, "line 2: [X-Fleet] HealthCheck is for services only"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused(cases[i][0], cases[i][1], cases[i][2]);
}

#define STOP X "StopAfterDisconnect=30\n"

static void stop_after_disconnect_comes_with_the_time_to_stop(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", STOP, "stop after 30000 ms, within 120000 ms\n"},
        {"a.service", X "StopAfterDisconnect=1min 30s\n",
         "stop after 90000 ms, within 180000 ms\n"},
        {"a.service", STOP "[Service]\nTimeoutStopSec=5\n",
         "stop after 30000 ms, within 35000 ms\n"},
        {"a.service", "[Service]\nTimeoutStopSec=5\nTimeoutSec=1min\n" STOP,
         "stop after 30000 ms, within 90000 ms\n"},
        {"a.service", STOP "[Service]\nTimeoutStopSec=\nTimeoutStartSec=infinity\nKillMode=mixed\n",
         "stop after 30000 ms, within 120000 ms\n"},
        {"a.socket", STOP "[Socket]\nTimeoutSec=5\n[Service]\nTimeoutSec=0\n",
         "stop after 30000 ms, within 35000 ms\n"},
        {"a.timer", STOP "[Timer]\nTimeoutSec=5\n", "stop after 30000 ms, within 120000 ms\n"},
        {"a.service", X "Global=no\nStopAfterDisconnect=30\n",
         "stop after 30000 ms, within 120000 ms\n"},
        {"a.service", "[Service]\nTimeoutStopSec=infinity\nKillMode=none\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void unit_that_does_not_surely_stop_cannot_promise_to(void **state) {
    static const char *const cases[][2] = {
        {X "StopAfterDisconnect=\n", "line 2: [X-Fleet] StopAfterDisconnect has no value"},
        {X "StopAfterDisconnect=0\n", "line 2: [X-Fleet] StopAfterDisconnect: must be more than 0"},
        {X "StopAfterDisconnect=soon\n", "line 2: [X-Fleet] StopAfterDisconnect: 'soon' is not a "
                                         "time span (like 30s or 5min)"},
        {X "StopAfterDisconnect=infinity\n", "line 2: [X-Fleet] StopAfterDisconnect: 'infinity' is "
                                             "not a time span (like 30s or 5min)"},
        {X "StopAfterDisconnect=400d\n",
         "line 2: [X-Fleet] StopAfterDisconnect: '400d' is more than a year"},
        {X "StopAfterDisconnect=99999999999999999999999\n",
         "line 2: [X-Fleet] StopAfterDisconnect: '99999999999999999999999' is too long a time"},
        {X "StopAfterDisconnect=30\nGlobal=true\n",
         "line 3: [X-Fleet] Global contradicts StopAfterDisconnect in line 2"},
        {STOP "[Service]\nTimeoutStopSec=infinity\n",
         "line 4: [Service] TimeoutStopSec=infinity sets no limit to its stop, which "
         "StopAfterDisconnect rules out"},
        {STOP "[Service]\nTimeoutSec=0\n", "line 4: [Service] TimeoutSec=0 sets no limit to its "
                                           "stop, which StopAfterDisconnect rules out"},
        {STOP "[Service]\nTimeoutStopSec=1 fortnight\n",
         "line 4: [Service] TimeoutStopSec=1 fortnight is no time that its stop surely ends in, "
         "which StopAfterDisconnect rules out"},
        {STOP "[Service]\nKillMode=process\n",
         "line 4: [Service] KillMode=process leaves processes behind, which StopAfterDisconnect "
         "rules out"},
        {STOP "[Service]\nSendSIGKILL=no\n", "line 4: [Service] SendSIGKILL=no leaves processes "
                                             "behind, which StopAfterDisconnect rules out"},
        {STOP "[Unit]\nRefuseManualStop=yes\n",
         "line 4: [Unit] RefuseManualStop=yes keeps it from being stopped, which "
         "StopAfterDisconnect rules out"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused("a.service", cases[i][0], cases[i][1]);
    assert_refused("a.mount", STOP "[Mount]\nTimeoutSec=infinity\n",
                   "line 4: [Mount] TimeoutSec=infinity sets no limit to its stop, which "
                   "StopAfterDisconnect rules out");
}

#define S "[Service]\n"

static void limits_of_systemd_are_reserved(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", S "MemoryMax=1K\n", "memory: 1024\n"},
        {"a.service", S "MemoryHigh=1K\n", "memory: 1024\n"},
        {"a.service", S "MemoryHigh=1K\nMemoryMax=2K\n", "memory: 2048\n"},
        {"a.service", S "MemoryHigh=1K\nMemoryMax=infinity\n", "memory: 1024\n"},
        {"a.service", S "MemoryMax=1K\nMemoryMax=3K\n", "memory: 3072\n"},
        {"a.service", S "MemoryMax=1K\nMemoryMax=\n", ""},
        {"a.service", S "MemoryMax=12.5%\n", "memory: 1250/10000\n"},
        {"a.service", S "MemoryMax=1K\nMemoryMax=50%\n", "memory: 5000/10000\n"},
        {"a.service", S "CPUQuota=20%\n", "cpu: 200/1000\n"},
        {"a.service", S "CPUQuota=150%\nMemoryMax=1K\n", "memory: 1024\ncpu: 1500/1000\n"},
        {"a.service", S "CPUQuota=150%\nCPUQuota=\n", ""},
        {"a.socket", "[Socket]\nMemoryMax=1K\n", "memory: 1024\n"},
        {"a.slice", "[Slice]\nMemoryMax=1K\n", "memory: 1024\n"},
        {"a.socket", S "MemoryMax=1K\n", ""},
        {"a.timer", S "MemoryMax=1K\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

/* It says so in the journal, and takes what stood there before. */
static void limit_that_systemd_leaves_out_counts_for_nothing(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", S "MemoryMax=1K\nMemoryMax=much\n", "memory: 1024\n"},
        {"a.service", S "MemoryMax=0\n", ""},
        {"a.service", S "MemoryMax=101%\n", ""},
        {"a.service", S "MemoryMax=9E\n", ""},
        {"a.service", S "CPUQuota=1.5\n", ""},
        {"a.service", S "CPUQuota=0%\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void reservation_wins_over_limits(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", S "MemoryMax=1K\n" X "ReserveMemory=2K\n", "memory: 2048\n"},
        {"a.service", S "MemoryMax=1K\n" X "ReserveMemory=0\n", ""},
        {"a.service", X "ReserveMemory=2K\nReserveMemory=10%\n" S "MemoryMax=1K\n",
         "memory: 1000/10000\n"},
        {"a.service", S "CPUQuota=150%\n" X "ReserveCPU=0.25\n", "cpu: 250/1000\n"},
        {"a.service", X "ReserveCPU=25%\n", "cpu: 250/1000\n"},
        {"a.service", S "CPUQuota=150%\nMemoryMax=1K\n" X "ReserveCPU=0\n", "memory: 1024\n"},
        {"a.timer", X "ReserveMemory=1K\n", "memory: 1024\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void reservation_that_is_none_is_refused(void **state) {
    static const char *const cases[][2] = {
        {X "ReserveMemory=much\n",
         "line 2: [X-Fleet] ReserveMemory: 'much' is not a size (like 512M or 1.5G)"},
        {X "ReserveMemory=infinity\n",
         "line 2: [X-Fleet] ReserveMemory: 'infinity' is not a size (like 512M or 1.5G)"},
        {X "ReserveMemory=101%\n",
         "line 2: [X-Fleet] ReserveMemory: '101%' is more than all memory"},
        {X "ReserveMemory=2P\n", "line 2: [X-Fleet] ReserveMemory: '2P' is more than 1P"},
        {X "ReserveCPU=two\n",
         "line 2: [X-Fleet] ReserveCPU: 'two' is not a number of cores (like 1.5 or 150%)"},
        {X "ReserveCPU=10000000\n",
         "line 2: [X-Fleet] ReserveCPU: '10000000' is not a number of cores (like 1.5 or 150%)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused("a.service", cases[i][0], cases[i][1]);
}

static void machines_are_told_apart_by_metadata(void **state) {
    static const RequirementsCase cases[] = {
        {"a@1.service", X "Spread=zone rack\nSpread=zone disk\n",
         "spread: zone\nspread: rack\nspread: disk\n"},
        {"a@1.service", X "Spread=%i\n", "spread: 1\n"},
        {"a.service", X "Spread=zone\nGroup=web\n", "spread: zone\n"},
        {"a.service", X "Prefer=zone=a\n", "zone=a +50\n"},
        {"a.service", X "Prefer=zone=a 80\nAvoid=zone=b 20\n", "zone=a +80\nzone=b -20\n"},
        {"a.service", X "Prefer=zone=a zone=b 20 'c=d e'\n", "zone=a +50\nzone=b +20\nc=d e +50\n"},
        {"a.service", X "Avoid=zone=a\nAvoid=zone=b 100\n", "zone=a -50\nzone=b -100\n"},
        {"a@x.service", X "Prefer=zone=%i\n", "zone=x +50\n"},
        {"a@.service", X "Prefer=zone=%i %i\nSpread=%i\n", "spread: %i\nzone=%i +1\n"},
        {"a.service", X "Priority=0\nPriority=80\n", "priority: 80\n"},
        {"a.service", X "Global=true\nPriority=0\n", "global\npriority: 0\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void ranking_that_makes_no_sense_is_refused(void **state) {
    static const char *const cases[][3] = {
        {"a@1.service", X "Spread=\n", "line 2: [X-Fleet] Spread has no value"},
        {"a@1.service", X "Spread=a=b\n",
         "line 2: [X-Fleet] Spread: metadata key 'a=b' has one of = , \" '"},
        {"a.service", X "Spread=zone\n",
         "line 2: [X-Fleet] Spread needs Group, as 'a.service' is not made of a template"},
        {"a@1.service", X "Spread=zone\nGlobal=true\n",
         "line 3: [X-Fleet] Global contradicts Spread in line 2"},
        {"a@1.service", X "MachineOf=b.service\nSpread=zone\n",
         "line 3: [X-Fleet] Spread contradicts MachineOf in line 2"},
        {"a.service", X "Prefer=zone\n",
         "line 2: [X-Fleet] Prefer: 'zone' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=50 zone=a\n",
         "line 2: [X-Fleet] Prefer: '50' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=zone=a\nPrefer=50\n",
         "line 3: [X-Fleet] Prefer: '50' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=zone=a 50 60\n",
         "line 2: [X-Fleet] Prefer: '60' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=zone=a 0\n",
         "line 2: [X-Fleet] Prefer: '0' is no weight from 1 to 100"},
        {"a.service", X "Avoid=zone=a 101\n",
         "line 2: [X-Fleet] Avoid: '101' is no weight from 1 to 100"},
        {"a.service", X "Avoid=zone=a much\n",
         "line 2: [X-Fleet] Avoid: 'much' is no weight from 1 to 100"},
        {"a.service", X "Avoid=zone=a\nMachineID=" ID "\n",
         "line 3: [X-Fleet] MachineID contradicts Avoid in line 2"},
        {"a.service", X "Priority=101\n",
         "line 2: [X-Fleet] Priority: '101' is not a whole number from 0 to 100"},
        {"a.service", X "Priority=high\n",
         "line 2: [X-Fleet] Priority: 'high' is not a whole number from 0 to 100"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused(cases[i][0], cases[i][1], cases[i][2]);
}

static void budget_is_read(_unused_ void **state) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    const char *text = "[X-Fleet]\nGroup=web-%i\nMaxUnavailable=25%\n";
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    assert_int_equal(requirements_parse(file, "app@eu.service", &requirements, NULL), 0);
    assert_string_equal(requirements->budget.group, "web-eu");
    assert_int_equal(requirements->budget.max_unavailable, 25);
    assert_true(requirements->budget.is_percent);
    static const char *const bad[][2] = {
        {"[X-Fleet]\nMaxUnavailable=-1\n",
         "line 2: [X-Fleet] MaxUnavailable: '-1' is neither a number of units nor a percentage"},
        {"[X-Fleet]\nMaxUnavailable=101%\n",
         "line 2: [X-Fleet] MaxUnavailable: '101%' is neither a number of units nor a percentage"},
        {"[X-Fleet]\nMaxUnavailable=99999999999\n",
         "line 2: [X-Fleet] MaxUnavailable: '99999999999' is neither a number of units nor a "
         "percentage"},
        {"[X-Fleet]\nGroup=a b\n",
         "line 2: [X-Fleet] Group: 'a b' is no name of a group: characters of unit names, at most "
         "255"},
    };
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        assert_refused("a.service", bad[i][0], bad[i][1]);
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
    assert_int_equal(n, 20);
    assert_string_equal(requirements_option(0)->name, "MachineID");
}

static void time_that_is_shorter_than_a_lease_counts_as_that(_unused_ void **state) {
    const Requirements requirements = {.stop_after_usec = 5, .stop_timeout_usec = 3};
    assert_int_equal(requirements_stop_within(&requirements, 4), 5 + 3);
    assert_int_equal(requirements_stop_within(&requirements, 7), 7 + 3);
    assert_int_equal(requirements_stop_within(&(Requirements){}, 7), 0);
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
        cmocka_unit_test(health_checks_are_understood),
        cmocka_unit_test(health_checks_that_make_no_sense_are_refused),
        cmocka_unit_test(health_options_must_go_together),
        cmocka_unit_test(stop_after_disconnect_comes_with_the_time_to_stop),
        cmocka_unit_test(unit_that_does_not_surely_stop_cannot_promise_to),
        cmocka_unit_test(limits_of_systemd_are_reserved),
        cmocka_unit_test(limit_that_systemd_leaves_out_counts_for_nothing),
        cmocka_unit_test(reservation_wins_over_limits),
        cmocka_unit_test(reservation_that_is_none_is_refused),
        cmocka_unit_test(machines_are_told_apart_by_metadata),
        cmocka_unit_test(ranking_that_makes_no_sense_is_refused),
        cmocka_unit_test(budget_is_read),
        cmocka_unit_test(globs_match_whole_names),
        cmocka_unit_test(time_that_is_shorter_than_a_lease_counts_as_that),
        cmocka_unit_test(every_option_is_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
