#include "fleetd/base/strv.h"
#include "tests/unit/requirements-test.h"

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
         "tcp 127.0.0.1 port 1" USUAL ", restarts\nreschedules\n"},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_checks_are_understood),
        cmocka_unit_test(health_checks_that_make_no_sense_are_refused),
        cmocka_unit_test(health_options_must_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
