#include "fleetd/base/strv.h"
#include "fleetd/configuration.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <unistd.h>

typedef struct FileTest {
    char path[64];
} FileTest;

static int setup(void **state) {
    FileTest *test = calloc(1, sizeof(FileTest));
    assert_non_null(test);
    strcpy(test->path, "/tmp/fleet-conf-XXXXXX");
    int fd = mkstemp(test->path);
    assert_true(fd >= 0);
    close(fd);
    *state = test;
    return 0;
}

static int teardown(void **state) {
    FileTest *test = *state;
    unlink(test->path);
    free(test);
    return 0;
}

static int load(void **state, const char *text, char *const *environment, Config **ret,
                Error *reterr) {
    const FileTest *test = *state;
    FILE *file = fopen(test->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return config_load(test->path, environment, ret, reterr);
}

static char *no_environment[] = {NULL};

static Config *load_good(void **state, const char *text) {
    Config *config = NULL;
    _cleanup_error_ Error error = {};
    int r = load(state, text, no_environment, &config, &error);
    if (r < 0)
        print_error("%s\n", error_text(&error, r));
    assert_int_equal(r, 0);
    return config;
}

/* The message begins with the file's path; what follows is compared. */
static void assert_refused(void **state, const char *text, const char *message) {
    const FileTest *test = *state;
    Config *config = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(load(state, text, no_environment, &config, &error), -EINVAL);
    assert_null(config);
    _cleanup_free_ char *expected = str_printf("%s: %s", test->path, message);
    assert_string_equal(error.message, expected);
}

static void defaults_are_those_of_the_manual(void **state) {
    _cleanup_(config_freep) Config *config = load_good(state, "");
    assert_null(config->etcd_servers);
    assert_int_equal(config->agent_ttl_usec, 30 * USEC_PER_SEC);
    assert_int_equal(config->restart_grace_usec, 5 * USEC_PER_MINUTE);
    assert_string_equal(config->etcd_key_prefix, "/_coreos.com/fleet/");
    assert_int_equal(config->token_limit, 100);
    assert_false(config->disable_engine);
    assert_null(config->warnings);
}

static void servers_are_read_as_a_list_with_commas_or_as_json(void **state) {
    static const char *const texts[] = {
        "etcd_servers=http://a:2379,https://b:2379/\n",
        "etcd_servers=[\"http://a:2379\", \"https://b:2379\"]\n",
        "etcd_servers=\"http://a:2379,https://b:2379\"\n",
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(config_freep) Config *config = load_good(state, texts[i]);
        assert_int_equal(strv_length(config->etcd_servers), 2);
        assert_string_equal(config->etcd_servers[0], "http://a:2379");
        assert_string_equal(config->etcd_servers[1], "https://b:2379");
    }
}

static void old_files_are_read(void **state) {
    _cleanup_(config_freep) Config *config =
        load_good(state, "# "
                         "old\nverbosity=1\nmetadata=\"region=eu,disk=ssd\"\netcd_request_timeout="
                         "2.5\nengine_reconcile_interval=2\n");
    assert_int_equal(config->verbosity, 1);
    assert_string_equal(metadata_get(&config->metadata, "region"), "eu");
    assert_int_equal(config->etcd_request_timeout_usec, 2500 * USEC_PER_MSEC);
    assert_non_null(strstr(config->warnings, "engine_reconcile_interval"));
}

static void environment_wins(void **state) {
    char *environment[] = {(char *) "FLEET_AGENT_TTL=7s", (char *) "FLEET_LAB_DIR=/x", NULL};
    _cleanup_(config_freep) Config *config = NULL;
    assert_int_equal(load(state, "agent_ttl=9s\n", environment, &config, NULL), 0);
    assert_int_equal(config->agent_ttl_usec, 7 * USEC_PER_SEC);
}

static void bad_environment_names_the_variable(void **state) {
    char *environment[] = {(char *) "FLEET_AGENT_TTL=soon", NULL};
    Config *config = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(load(state, "", environment, &config, &error), -EINVAL);
    assert_non_null(
        strstr(error.message, "environment FLEET_AGENT_TTL: option 'agent_ttl': 'soon'"));
}

static void mistakes_name_file_line_and_option(void **state) {
    assert_refused(state, "\nagent_tl=5s\n",
                   "line 2: unknown option 'agent_tl' (did you mean 'agent_ttl'?)");
    assert_refused(state, "token_limit=0\n",
                   "line 1: option 'token_limit': '0' is not a whole number from 1 to 100000");
    assert_refused(state, "disable_engine=maybe\n",
                   "line 1: option 'disable_engine': 'maybe' is neither true nor false");
    assert_refused(state, "etcd_servers=a:2379\n",
                   "line 1: option 'etcd_servers': 'a:2379' is not of the form http://HOST:PORT or "
                   "https://HOST:PORT");
    assert_refused(state, "[fleet]\nverbosity=1\n",
                   "line 2: section [fleet]: options stand before any section");
    assert_refused(state, "nonsense\n",
                   "line 1: not of the form NAME=VALUE, or longer than 199 characters");
}

static void indented_line_does_not_replace_the_option_before_it(void **state) {
    assert_refused(
        state, "metadata=a=b\n  public_ip=10.0.0.1\n",
        "line 2: option 'metadata' is given twice, or the line is indented and so continues it");
}

static void overlong_line_is_refused(void **state) {
    char text[600];
    memset(text, 'a', sizeof(text));
    memcpy(text, "metadata=a=", 11);
    text[sizeof(text) - 2] = '\n';
    text[sizeof(text) - 1] = 0;
    Config *config = NULL;
    assert_int_equal(load(state, text, no_environment, &config, NULL), -EINVAL);
}

static void missing_file_that_was_named_is_an_error(void **state) {
    Config *config = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(config_load("/nonexistent/fleet.conf", no_environment, &config, &error),
                     -ENOENT);
    assert_non_null(strstr(error.message, "/nonexistent/fleet.conf"));
}

int main(void) {
#define CONFIG_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(defaults_are_those_of_the_manual),
        CONFIG_TEST(servers_are_read_as_a_list_with_commas_or_as_json),
        CONFIG_TEST(old_files_are_read),
        CONFIG_TEST(environment_wins),
        CONFIG_TEST(bad_environment_names_the_variable),
        CONFIG_TEST(mistakes_name_file_line_and_option),
        CONFIG_TEST(indented_line_does_not_replace_the_option_before_it),
        CONFIG_TEST(overlong_line_is_refused),
        CONFIG_TEST(missing_file_that_was_named_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
