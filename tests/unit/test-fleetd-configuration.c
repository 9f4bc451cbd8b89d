#include "fleetd/base/strv.h"
#include "fleetd/configuration.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <sys/stat.h>
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
                char ***ret_problems) {
    const FileTest *test = *state;
    FILE *file = fopen(test->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return config_load(test->path, environment, ret, ret_problems);
}

static char *no_environment[] = {NULL};

static Config *load_good(void **state, const char *text) {
    Config *config = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    int r = load(state, text, no_environment, &config, &problems);
    STRV_FOREACH (problem, problems)
        print_error("%s\n", *problem);
    assert_int_equal(r, 0);
    return config;
}

/* All that is wrong, one a line. What each begins with, the file's path, is left out. */
static void assert_refused(void **state, const char *text, const char *messages) {
    const FileTest *test = *state;
    Config *config = NULL;
    _cleanup_(strv_freep) char **problems = NULL, **wrong = NULL;
    assert_true(load(state, text, no_environment, &config, &problems) < 0);
    assert_null(config);
    STRV_FOREACH (problem, problems) {
        assert_memory_equal(*problem, test->path, strlen(test->path));
        assert_int_equal(strv_push(&wrong, *problem + strlen(test->path) + 2), 0);
    }
    _cleanup_free_ char *joined = strv_join(wrong, "\n");
    assert_string_equal(joined, messages);
}

static void defaults_are_those_of_the_manual(void **state) {
    _cleanup_(config_freep) Config *config = load_good(state, "");
    assert_null(config->etcd_servers);
    assert_int_equal(config->agent_ttl_usec, 30 * USEC_PER_SEC);
    assert_int_equal(config->restart_grace_usec, 5 * USEC_PER_MINUTE);
    assert_string_equal(config->etcd_key_prefix, "/_coreos.com/fleet/");
    assert_int_equal(config->token_limit, 5000);
    assert_false(config->disable_engine);
    assert_int_equal(config->reserve_memory_bytes, 0);
    assert_int_equal(config->reserve_cpu_thousandths, 0);
    assert_int_equal(config->overbook_percent, 100);
    assert_null(config->warnings);
}

static void what_the_machine_keeps_is_read(void **state) {
    _cleanup_(config_freep) Config *config =
        load_good(state, "reserve_memory=1.5G\nreserve_cpu=0.25\noverbook=1.5\n");
    assert_int_equal(config->reserve_memory_bytes, 3 << 29);
    assert_int_equal(config->reserve_cpu_thousandths, 250);
    assert_int_equal(config->overbook_percent, 150);
}

static void servers_are_read_as_a_list_with_commas_or_as_json(void **state) {
    static const char *const texts[] = {
        "etcd_servers=http://a:2379,https://b:2379\n",
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
    assert_int_equal(strv_length(config->warnings), 1);
    assert_non_null(strstr(config->warnings[0], ": line 5: option 'engine_reconcile_interval'"));
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
    _cleanup_(strv_freep) char **problems = NULL;
    assert_int_equal(load(state, "", environment, &config, &problems), -EINVAL);
    assert_non_null(strstr(problems[0], "environment FLEET_AGENT_TTL: option 'agent_ttl': 'soon'"));
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
    assert_refused(state, "reserve_memory=much\n",
                   "line 1: option 'reserve_memory': 'much' is not a size (like 512M or 1.5G)");
    assert_refused(state, "overbook=0.5\n",
                   "line 1: option 'overbook': '0.5' is not a number from 1 to 100 (like 1.5)");
    assert_refused(state, "[fleet]\nverbosity=1\n",
                   "line 2: section [fleet]: options stand before any section");
    assert_refused(state, "nonsense\n", "line 1: not of the form NAME=VALUE");
    assert_refused(state, "public_ip=web1\n",
                   "line 1: option 'public_ip': 'web1' is not an IP address");
    assert_refused(state, "public_ip=::\n",
                   "line 1: option 'public_ip': '::' is not the address of a machine");
    assert_refused(state, "listen=fleet.sock\n",
                   "line 1: option 'listen': 'fleet.sock' is not an absolute path");
    assert_refused(state, "data_directory=\n",
                   "line 1: option 'data_directory': a path is missing");
    assert_refused(state, "agent_ttl=1s\n",
                   "line 1: option 'agent_ttl': '1s' is not from 2s to 1h");
    assert_refused(state, "etcd_key_prefix=fleet\n",
                   "line 1: option 'etcd_key_prefix': 'fleet' does not begin with '/'");
    assert_refused(state, "metadata=region\n",
                   "line 1: option 'metadata': metadata 'region' is not of the form key=value");
}

static void all_mistakes_are_told_at_once(void **state) {
    assert_refused(state, "agent_tl=5s\nverbosity=-1\nagent_ttl=5s\n[x]\nlisten=/x\nfoo\n",
                   "line 1: unknown option 'agent_tl' (did you mean 'agent_ttl'?)\n"
                   "line 2: option 'verbosity': '-1' is not a whole number from 0 to 9\n"
                   "line 5: section [x]: options stand before any section\n"
                   "line 6: not of the form NAME=VALUE");
}

static void wrong_servers_are_refused(void **state) {
    static const struct {
        const char *value, *message;
    } cases[] = {
        {"http://a:0", "'http://a:0' is not of the form http://HOST:PORT or https://HOST:PORT"},
        {"http://a:99999",
         "'http://a:99999' is not of the form http://HOST:PORT or https://HOST:PORT"},
        {"http://a/v2", "'http://a/v2' is not of the form http://HOST:PORT or https://HOST:PORT"},
        {"[\"http://a\"", "the list is not of the form [\"http://HOST:PORT\", ...]"},
        {"[\"http://a\", 1]", "item 2 of the list is not a string"},
        {"https://me:hidden@a",
         "an etcd URL must not hold a user name or password (there are etcd_username and "
         "etcd_password)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_free_ char *text = str_printf("etcd_servers=%s\n", cases[i].value);
        _cleanup_free_ char *message =
            str_printf("line 1: option 'etcd_servers': %s", cases[i].message);
        assert_refused(state, text, message);
    }
}

static void servers_that_name_none_are_not_set(void **state) {
    static const char *const texts[] = {"etcd_servers=\n", "etcd_servers=\" , \"\n",
                                        "etcd_servers=[]\n"};
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(config_freep) Config *config = load_good(state, texts[i]);
        assert_null(config->etcd_servers);
    }
}

static void option_that_is_given_twice_is_refused(void **state) {
    assert_refused(state, "verbosity=1\n# more\nverbosity=2\n",
                   "line 3: option 'verbosity' was given before, in line 1");
}

static void indentation_means_nothing(void **state) {
    _cleanup_(config_freep) Config *config =
        load_good(state, "metadata=a=b\n  public_ip=10.0.0.1\n\t; comment\n\n");
    assert_string_equal(config->public_ip, "10.0.0.1");
    assert_int_equal(config->metadata.n_pairs, 1);
}

static void files_from_windows_are_read(void **state) {
    _cleanup_(config_freep) Config *config =
        load_good(state, "\xef\xbb\xbfverbosity=1\r\npublic_ip = \"10.0.0.1\"\r\n");
    assert_int_equal(config->verbosity, 1);
    assert_string_equal(config->public_ip, "10.0.0.1");
}

static void quote_that_is_not_closed_is_refused_without_its_text(void **state) {
    assert_refused(state, "etcd_username=u\netcd_password=\"a ; b\"\n",
                   "line 2: option 'etcd_password': a quote is not closed (what follows a ';' with "
                   "white space before it is a comment)\n"
                   "line 1: option 'etcd_username' needs 'etcd_password' as well");
}

static void long_lines_are_read(void **state) {
    _cleanup_free_ char *text = strdup("metadata=");
    for (int i = 0; i < 200; i++) {
        char *longer = str_printf("%skey-number-%d=a-value-of-some-length,", text, i);
        free(text);
        text = longer;
    }
    _cleanup_free_ char *line = str_printf("%s\nverbosity=1\n", text);
    _cleanup_(config_freep) Config *config = load_good(state, line);
    assert_int_equal(config->metadata.n_pairs, 200);
    assert_int_equal(config->verbosity, 1);
}

static void lines_that_are_longer_still_are_refused(void **state) {
    const size_t size = 70000;
    _cleanup_free_ char *text = calloc(1, size + 40);
    memset(text, ' ', size);
    memcpy(text, "verbosity=1", 11);
    strcpy(text + size, "\nagent_tl=2s\n");
    assert_refused(state, text,
                   "line 1: the line is too long\n"
                   "line 2: unknown option 'agent_tl' (did you mean 'agent_ttl'?)");
}

static void file_that_is_no_text_is_refused(void **state) {
    const FileTest *test = *state;
    FILE *file = fopen(test->path, "w");
    fwrite("v\0e\0r\0", 1, 6, file);
    fclose(file);
    Config *config = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    assert_int_equal(config_load(test->path, no_environment, &config, &problems), -EINVAL);
    assert_non_null(strstr(problems[0], "line 1: there is a NUL character"));
}

static void what_cannot_be_read_is_an_error(void **state) {
    static const struct {
        const char *path, *message;
        int r;
    } cases[] = {
        {"/nonexistent/fleet.conf", "/nonexistent/fleet.conf: No such file or directory", -ENOENT},
        {"/tmp", "/tmp: Is a directory", -EISDIR},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Config *config = NULL;
        _cleanup_(strv_freep) char **problems = NULL;
        assert_int_equal(config_load(cases[i].path, no_environment, &config, &problems),
                         cases[i].r);
        assert_string_equal(problems[0], cases[i].message);
    }
}

static void login_and_certificate_are_given_whole_or_not_at_all(void **state) {
    assert_refused(state, "etcd_username=u\n",
                   "line 1: option 'etcd_username' needs 'etcd_password' as well");
    assert_refused(state, "\netcd_password=p\n",
                   "line 2: option 'etcd_password' needs 'etcd_username' as well");
    assert_refused(state, "etcd_keyfile=/k\n",
                   "line 1: option 'etcd_keyfile' needs 'etcd_certfile' as well");
}

static void password_that_all_can_read_is_warned_about(void **state) {
    const FileTest *test = *state;
    const char *text = "etcd_username=u\netcd_password=p\n";
    _cleanup_(config_freep) Config *closed = load_good(state, text);
    assert_null(closed->warnings);
    assert_int_equal(chmod(test->path, 0644), 0);
    _cleanup_(config_freep) Config *open = load_good(state, text);
    assert_int_equal(strv_length(open->warnings), 1);
    assert_non_null(strstr(open->warnings[0], "every user can read it"));
    /* From elsewhere it is none of the file's business. */
    char *environment[] = {(char *) "FLEET_ETCD_PASSWORD=p", NULL};
    _cleanup_(config_freep) Config *other = NULL;
    assert_int_equal(load(state, "etcd_username=u\n", environment, &other, NULL), 0);
    assert_null(other->warnings);
}

static void description_hides_the_password_and_tells_where_from(void **state) {
    char *environment[] = {(char *) "FLEET_VERBOSITY=2", NULL};
    _cleanup_(config_freep) Config *config = NULL;
    assert_int_equal(
        load(state, "etcd_username=u\netcd_password=tops3cret\n", environment, &config, NULL), 0);
    _cleanup_free_ char *text = config_describe(config);
    assert_null(strstr(text, "tops3cret"));
    assert_non_null(strstr(text, "etcd_password = (hidden) ; /tmp/"));
    assert_non_null(strstr(text, ": line 2\n"));
    assert_non_null(strstr(text, "verbosity = 2 ; environment FLEET_VERBOSITY\n"));
    assert_non_null(strstr(text, "agent_ttl = 30s ; default\n"));
    assert_null(strstr(text, "disable_watches"));
}

static void reload_takes_what_can_change_and_names_the_rest(void **state) {
    _cleanup_(strv_freep) char **taken = NULL, **kept = NULL;
    _cleanup_(config_freep) Config *config =
        load_good(state, "metadata=a=1\nagent_ttl=9s\npublic_ip=10.0.0.1\n");
    _cleanup_(config_freep) Config *from =
        load_good(state, "metadata=a=2,b=3\nagent_ttl=8s\nverbosity=1\netcd_key_prefix=/x\n");
    assert_int_equal(config_take_live(config, from, &taken, &kept), 0);
    _cleanup_free_ char *taken_list = strv_join(taken, " "), *kept_list = strv_join(kept, " ");
    assert_string_equal(taken_list, "verbosity public_ip metadata");
    assert_string_equal(kept_list, "etcd_key_prefix agent_ttl");
    assert_string_equal(metadata_get(&config->metadata, "a"), "2");
    assert_int_equal(config->verbosity, 1);
    assert_null(config->public_ip);
    assert_int_equal(config->agent_ttl_usec, 9 * USEC_PER_SEC);

    /* What needs a restart still does the next time. */
    _cleanup_(strv_freep) char **taken_again = NULL, **kept_again = NULL;
    assert_int_equal(config_take_live(config, from, &taken_again, &kept_again), 0);
    assert_null(taken_again);
    assert_int_equal(strv_length(kept_again), 2);
}

int main(void) {
#define CONFIG_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(defaults_are_those_of_the_manual),
        CONFIG_TEST(what_the_machine_keeps_is_read),
        CONFIG_TEST(servers_are_read_as_a_list_with_commas_or_as_json),
        CONFIG_TEST(old_files_are_read),
        CONFIG_TEST(environment_wins),
        CONFIG_TEST(bad_environment_names_the_variable),
        CONFIG_TEST(mistakes_name_file_line_and_option),
        CONFIG_TEST(all_mistakes_are_told_at_once),
        CONFIG_TEST(wrong_servers_are_refused),
        CONFIG_TEST(servers_that_name_none_are_not_set),
        CONFIG_TEST(option_that_is_given_twice_is_refused),
        CONFIG_TEST(indentation_means_nothing),
        CONFIG_TEST(files_from_windows_are_read),
        CONFIG_TEST(quote_that_is_not_closed_is_refused_without_its_text),
        CONFIG_TEST(long_lines_are_read),
        CONFIG_TEST(lines_that_are_longer_still_are_refused),
        CONFIG_TEST(file_that_is_no_text_is_refused),
        CONFIG_TEST(what_cannot_be_read_is_an_error),
        CONFIG_TEST(login_and_certificate_are_given_whole_or_not_at_all),
        CONFIG_TEST(password_that_all_can_read_is_warned_about),
        CONFIG_TEST(description_hides_the_password_and_tells_where_from),
        CONFIG_TEST(reload_takes_what_can_change_and_names_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
