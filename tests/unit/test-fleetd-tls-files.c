#include "fleetd/base/strv.h"
#include "fleetd/configuration.h"
#include "fleetd/tls-files.h"
#include "tests/fakes/shell-command.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>

typedef struct Fixture {
    char *directory;
    char path[5][64];
} Fixture;

enum { CERT, KEY, OTHER, EXPIRED, JUNK };

#define NEW "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=x -days 2 "

static int setup(void **state) {
    static const char *const names[] = {"cert.pem", "key.pem", "other.pem", "expired.pem", "junk"};
    Fixture *f = *state = calloc(1, sizeof(*f));
    f->directory = temporary_directory_new();
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        snprintf(f->path[i], sizeof(f->path[i]), "%s/%s", f->directory, names[i]);
    int r = shell_command_run(
        "cd %s && exec 2>/dev/null && " NEW "-nodes -keyout key.pem -out cert.pem && " NEW
        "-passout pass:x -keyout locked.pem -out other.pem && "
        "openssl req -new -key key.pem -subj /CN=x -out csr && "
        "openssl x509 -req -in csr -signkey key.pem -days -1 -out expired.pem && echo junk >junk",
        f->directory);
    assert_int_equal(r, 0);
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    temporary_directory_free(f->directory);
    free(f);
    return 0;
}

static void assert_message(int r, int expected, const Error *error, const char *path,
                           const char *words) {
    assert_int_equal(r, expected);
    _cleanup_free_ char *message = str_printf("%s: %s", path, words);
    assert_string_equal(error->message, message);
}

static void good_files_are_good(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *warning = NULL;
    assert_int_equal(tls_authorities_check(f->path[CERT], NULL), 0);
    assert_int_equal(tls_certificate_check(f->path[CERT], &warning, NULL), 0);
    assert_int_equal(tls_key_check(f->path[KEY], f->path[CERT], NULL), 0);
    assert_null(warning);
}

static void what_is_no_certificate_is_named(void **state) {
    Fixture *f = *state;
    const struct {
        const char *path, *words;
        int r;
    } cases[] = {
        {"/nonexistent.pem", "No such file or directory", -ENOENT},
        {f->directory, "Is a directory", -EISDIR},
        {f->path[JUNK], "there is no PEM certificate in it", -EINVAL},
        {f->path[KEY], "there is no PEM certificate in it", -EINVAL},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error ca = {}, cert = {};
        _cleanup_free_ char *warning = NULL;
        int r = tls_authorities_check(cases[i].path, &ca);
        assert_message(r, cases[i].r, &ca, cases[i].path, cases[i].words);
        r = tls_certificate_check(cases[i].path, &warning, &cert);
        assert_message(r, cases[i].r, &cert, cases[i].path, cases[i].words);
    }
}

static void wrong_keys_are_named(void **state) {
    Fixture *f = *state;
    _cleanup_error_ Error foreign = {}, locked = {};
    _cleanup_free_ char *locked_path = str_printf("%s/locked.pem", f->directory);
    _cleanup_free_ char *words =
        str_printf("it is not the key of the certificate in %s", f->path[OTHER]);
    assert_message(tls_key_check(f->path[KEY], f->path[OTHER], &foreign), -EINVAL, &foreign,
                   f->path[KEY], words);
    assert_message(tls_key_check(locked_path, f->path[OTHER], &locked), -EINVAL, &locked,
                   locked_path, "there is no PEM private key without a passphrase in it");
}

static void expired_certificate_is_warned_about(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *warning = NULL;
    assert_int_equal(tls_certificate_check(f->path[EXPIRED], &warning, NULL), 0);
    assert_non_null(strstr(warning, "expired.pem: the certificate expired on 20"));
}

/* As configuration. */

static int load(const Fixture *f, const char *text, Config **ret, char ***ret_problems) {
    static char *no_environment[] = {NULL};
    _cleanup_free_ char *path = str_printf("%s/fleet.conf", f->directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return config_load(path, no_environment, ret, ret_problems);
}

static void configuration_names_line_and_option_of_a_bad_file(void **state) {
    Fixture *f = *state;
    _cleanup_(strv_freep) char **problems = NULL;
    Config *config = NULL;
    _cleanup_free_ char *text =
        str_printf("etcd_cafile=/nonexistent\netcd_certfile=%s\netcd_keyfile=%s\n", f->path[OTHER],
                   f->path[KEY]);
    assert_int_equal(load(f, text, &config, &problems), -ENOENT);
    assert_int_equal(strv_length(problems), 2);
    assert_non_null(strstr(problems[0], "fleet.conf: line 1: option 'etcd_cafile': /nonexistent: "
                                        "No such file or directory"));
    assert_non_null(strstr(problems[1], "fleet.conf: line 3: option 'etcd_keyfile': "));
}

static void configuration_warns_of_what_protects_nothing(void **state) {
    Fixture *f = *state;
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_free_ char *text =
        str_printf("etcd_servers=https://a,http://b\netcd_certfile=%s\netcd_keyfile=%s\n",
                   f->path[EXPIRED], f->path[KEY]);
    assert_int_equal(load(f, text, &config, NULL), 0);
    assert_int_equal(strv_length(config->warnings), 2);
    assert_non_null(strstr(config->warnings[0], "option 'etcd_certfile': "));
    assert_non_null(strstr(config->warnings[1], "'http://b' is asked without TLS"));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(good_files_are_good),
        TEST(what_is_no_certificate_is_named),
        TEST(wrong_keys_are_named),
        TEST(expired_certificate_is_warned_about),
        TEST(configuration_names_line_and_option_of_a_bad_file),
        TEST(configuration_warns_of_what_protects_nothing),
    };
    if (system("command -v openssl >/dev/null") != 0) {
        puts("1..0 # SKIP there is no openssl to run");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
