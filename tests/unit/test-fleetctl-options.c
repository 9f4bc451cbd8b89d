#include "fleetctl/commands/command.h"
#include "fleetctl/options/options.h"
#include "tests/unit/cmocka-test.h"

typedef struct Parsed {
    Options options;
    const char **words;
    Error error;
} Parsed;

static int teardown(void **state) {
    Parsed *parsed = *state;
    free(parsed->words);
    error_done(&parsed->error);
    free(parsed);
    return 0;
}

static int setup(void **state) {
    *state = calloc(1, sizeof(Parsed));
    return *state ? 0 : -1;
}

#define ARGUMENTS(...) ((const char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static int parse(Parsed *parsed, const char *const *arguments, const char *const *environment) {
    return options_parse(arguments, environment, NULL, &parsed->options, &parsed->words,
                         &parsed->error);
}

static void assert_refused(Parsed *parsed, const char *const *arguments, const char *message) {
    assert_int_equal(parse(parsed, arguments, NULL), -EINVAL);
    assert_string_equal(parsed->error.message, message);
    error_done(&parsed->error);
}

static void nothing_given_means_defaults(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(parse(parsed, ARGUMENTS(), NULL), 0);
    assert_string_equal(parsed->options.endpoint, ENDPOINT_DEFAULT);
    assert_int_equal(parsed->options.request_timeout_usec, 10 * USEC_PER_SEC);
    assert_int_equal(parsed->options.block_attempts, BLOCK_ATTEMPTS_UNSET);
    assert_null(parsed->options.fields);
    assert_false(parsed->options.full);
    assert_int_equal(parsed->options.given, 0);
    assert_null(parsed->words[0]);
}

static void flags_stand_anywhere_among_the_words(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(parse(parsed,
                           ARGUMENTS("--block-attempts", "4", "start", "--replace", "a", "b",
                                     "--no-block", "--endpoint=http://x"),
                           NULL),
                     0);
    assert_int_equal(parsed->options.block_attempts, 4);
    assert_true(parsed->options.replace);
    assert_true(parsed->options.no_block);
    assert_string_equal(parsed->options.endpoint, "http://x");
    assert_string_equal(parsed->words[0], "start");
    assert_string_equal(parsed->words[1], "a");
    assert_string_equal(parsed->words[2], "b");
    assert_null(parsed->words[3]);
}

static void what_follows_two_dashes_is_no_flag(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(parse(parsed, ARGUMENTS("cat", "-", "--", "--full", "-l"), NULL), 0);
    assert_false(parsed->options.full);
    assert_string_equal(parsed->words[1], "-");
    assert_string_equal(parsed->words[2], "--full");
    assert_string_equal(parsed->words[3], "-l");
}

static void letters_stand_for_switches_and_share_a_dash(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(parse(parsed, ARGUMENTS("-lh"), NULL), 0);
    assert_true(parsed->options.full);
    assert_true(parsed->options.help);
}

static void switches_can_be_turned_off(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(parse(parsed, ARGUMENTS("--full", "--full=false", "--replace=yes"), NULL), 0);
    assert_false(parsed->options.full);
    assert_true(parsed->options.replace);
}

static void bad_flags_and_values_are_refused_with_what_is_meant(void **state) {
    Parsed *parsed = *state;
    assert_refused(parsed, ARGUMENTS("--no-blok"),
                   "unknown flag --no-blok (did you mean --no-block?)");
    assert_refused(parsed, ARGUMENTS("--zzzzzz=1"),
                   "unknown flag --zzzzzz=1; 'fleetctl help COMMAND' lists them");
    assert_refused(parsed, ARGUMENTS("-full"), "unknown flag -full (did you mean --full?)");
    assert_refused(parsed, ARGUMENTS("--=x"),
                   "unknown flag --=x; 'fleetctl help COMMAND' lists them");
    assert_refused(parsed, ARGUMENTS("--fields"), "--fields needs a value: --fields=NAME,...");
    assert_refused(parsed, ARGUMENTS("--full=2"), "--full: '2' is neither true nor false");
    assert_refused(parsed, ARGUMENTS("--block-attempts="),
                   "--block-attempts: '' is not a whole number");
    assert_refused(parsed, ARGUMENTS("--block-attempts=1x"),
                   "--block-attempts: '1x' is not a whole number");
    assert_refused(parsed, ARGUMENTS("--block-attempts=99999999999999999999"),
                   "--block-attempts: '99999999999999999999' is more than 1000000000");
}

static void command_line_wins_over_the_environment(void **state) {
    Parsed *parsed = *state;
    const char *environment[] = {"FLEETCTL_ENDPOINT=http://a", "FLEETCTL_REQUEST_TIMEOUT=1.5",
                                 "FLEETCTL_CA_FILE=/ca", "FLEETCTL_DEBUG=", NULL};
    assert_int_equal(parse(parsed, ARGUMENTS("--endpoint", "http://b"), environment), 0);
    assert_string_equal(parsed->options.endpoint, "http://b");
    assert_string_equal(parsed->options.ca_file, "/ca");
    assert_int_equal(parsed->options.request_timeout_usec, 1500 * USEC_PER_MSEC);
    assert_false(parsed->options.debug);
    assert_int_equal(parsed->options.given, FLAG_BIT(FLAG_ENDPOINT));
}

static void bad_environment_is_named(void **state) {
    Parsed *parsed = *state;
    const char *environment[] = {"FLEETCTL_DEBUG=maybe", NULL};
    assert_int_equal(parse(parsed, ARGUMENTS(), environment), -EINVAL);
    assert_string_equal(parsed->error.message, "FLEETCTL_DEBUG: 'maybe' is neither true nor false");
}

static void flags_of_commands_and_the_version_are_not_read_from_the_environment(void **state) {
    Parsed *parsed = *state;
    const char *environment[] = {"FLEETCTL_VERSION=1.0.0", "FLEETCTL_REPLACE=true",
                                 "FLEETCTL_ENDPOINTS=x", NULL};
    assert_int_equal(parse(parsed, ARGUMENTS(), environment), 0);
    assert_false(parsed->options.version);
    assert_false(parsed->options.replace);
    assert_string_equal(parsed->options.endpoint, ENDPOINT_DEFAULT);
}

static void flag_of_another_command_is_refused(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(parse(parsed, ARGUMENTS("--debug", "--replace"), NULL), 0);
    assert_int_equal(options_check_allowed(&parsed->options, "start", FLAG_BIT(FLAG_REPLACE), NULL),
                     0);
    assert_int_equal(options_check_allowed(&parsed->options, "stop", 0, &parsed->error), -EINVAL);
    assert_string_equal(parsed->error.message,
                        "stop has no flag --replace; 'fleetctl help stop' lists those it has");
}

static void command_is_found_by_an_unambiguous_beginning(void **state) {
    const Command *command = NULL;
    assert_int_equal(command_find("list-unit-files", &command, NULL), 0);
    assert_string_equal(command->name, "list-unit-files");
    assert_int_equal(command_find("list-units", &command, NULL), 0);
    assert_string_equal(command->name, "list-units");
    assert_int_equal(command_find("sub", &command, NULL), 0);
    assert_string_equal(command->name, "submit");
    assert_int_equal(command_find("list-unit", &command, NULL), -EINVAL);
    assert_int_equal(command_find("", &command, NULL), -EINVAL);
    assert_int_equal(command_find("starts", &command, NULL), -EINVAL);
}

static bool ends_with_ssh(const char *command) {
    return streq(command, "ssh");
}

static void what_follows_the_first_operand_may_be_another_programs(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(options_parse(ARGUMENTS("ssh", "-A", "m1", "ls", "-l", "--debug", "--"), NULL,
                                   ends_with_ssh, &parsed->options, &parsed->words, &parsed->error),
                     0);
    assert_true(parsed->options.forward_agent);
    assert_false(parsed->options.debug);
    static const char *const words[] = {"ssh", "m1", "ls", "-l", "--debug", "--"};
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        assert_string_equal(parsed->words[i], words[i]);
    free(TAKE_PTR(parsed->words));

    assert_int_equal(options_parse(ARGUMENTS("cat", "m1", "--debug"), NULL, ends_with_ssh,
                                   &parsed->options, &parsed->words, &parsed->error),
                     0);
    assert_true(parsed->options.debug);
}

static void flags_of_ssh_are_read_from_the_environment(void **state) {
    Parsed *parsed = *state;
    assert_int_equal(
        parse(parsed, ARGUMENTS(),
              ARGUMENTS("FLEETCTL_SSH_PORT=2222", "FLEETCTL_FORWARD_AGENT=yes",
                        "FLEETCTL_TUNNEL=gate", "FLEETCTL_STRICT_HOST_KEY_CHECKING=false")),
        0);
    assert_int_equal(parsed->options.ssh_port, 2222);
    assert_true(parsed->options.forward_agent);
    assert_string_equal(parsed->options.tunnel, "gate");
    assert_int_equal(parsed->options.strict_host_key_checking, TRISTATE_OFF);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_given_means_defaults),
        TEST(flags_stand_anywhere_among_the_words),
        TEST(what_follows_two_dashes_is_no_flag),
        TEST(what_follows_the_first_operand_may_be_another_programs),
        TEST(flags_of_ssh_are_read_from_the_environment),
        TEST(letters_stand_for_switches_and_share_a_dash),
        TEST(switches_can_be_turned_off),
        TEST(bad_flags_and_values_are_refused_with_what_is_meant),
        TEST(command_line_wins_over_the_environment),
        TEST(bad_environment_is_named),
        TEST(flags_of_commands_and_the_version_are_not_read_from_the_environment),
        TEST(flag_of_another_command_is_refused),
        TEST(command_is_found_by_an_unambiguous_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
