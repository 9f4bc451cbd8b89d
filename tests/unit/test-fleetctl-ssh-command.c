#include "fleetctl/remote/ssh-command.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

static const Options nothing_given = {};

/* Words are compared as one line with '|' between them. */
static void assert_words(char **words_take, const char *expected) {
    _cleanup_(strv_freep) char **words = words_take;
    _cleanup_free_ char *line = strv_join(words, "|");
    assert_string_equal(line, expected);
}

static void assert_command(const Options *options, const SshTarget *target, const char *expected) {
    char **words = NULL;
    assert_int_equal(ssh_command(options, target, &words), 0);
    assert_words(words, expected);
}

static void what_was_not_given_is_left_to_ssh(void **state) {
    assert_command(&nothing_given, &(SshTarget){.host = "10.0.0.1"},
                   "ssh|-o|ConnectTimeout=10|--|10.0.0.1");
}

static void flags_become_options_of_ssh(void **state) {
    const Options options = {
        .ssh_username = "core",
        .ssh_timeout_usec = USEC_PER_SEC / 2,
        .known_hosts_file = "keys",
        .strict_host_key_checking = TRISTATE_ON,
    };
    assert_command(
        &options,
        &(SshTarget){.host = "m1", .port = 2222, .forward_agent = true, .command = "ls -l | wc"},
        "ssh|-p|2222|-l|core|-o|ConnectTimeout=1|-o|UserKnownHostsFile=keys|-o|"
        "StrictHostKeyChecking=yes|-A|--|m1|ls -l | wc");
}

static void script_is_neither_asked_nor_read_from(void **state) {
    assert_command(&nothing_given,
                   &(SshTarget){.host = "m1", .ignores_input = true, .never_asks = true},
                   "ssh|-o|ConnectTimeout=3|-n|-o|BatchMode=yes|--|m1");
}

static void address_is_never_read_as_a_flag(void **state) {
    assert_command(&nothing_given, &(SshTarget){.host = "-oProxyCommand=x"},
                   "ssh|-o|ConnectTimeout=10|--|-oProxyCommand=x");
}

#define TUNNEL_OPTIONS \
    "ConnectTimeout=10|-o|ControlPath=/t/ssh|-o|ClearAllForwardings=yes|-o|RemoteCommand=none|-o|"

static void tunnel_is_one_login_and_connections_through_it(void **state) {
    const SshAddress gate = {.host = (char *) "gate", .port = 2222};
    char **words = NULL;
    assert_int_equal(ssh_tunnel_master(&nothing_given, &gate, "/t/ssh", &words), 0);
    assert_words(words, "ssh|-p|2222|-o|" TUNNEL_OPTIONS
                        "ControlMaster=yes|-o|ControlPersist=no|-N|-T|--|gate");
    assert_int_equal(
        ssh_tunnel_session(&nothing_given, &gate, "/t/ssh", "/run/my sock", NULL, &words), 0);
    assert_words(words, "ssh|-p|2222|-o|" TUNNEL_OPTIONS
                        "ControlMaster=no|-T|--|gate|fleetctl fd-forward '/run/my sock'");
    assert_int_equal(ssh_tunnel_session(&nothing_given, &gate, "/t/ssh", NULL, "[::1]:80", &words),
                     0);
    assert_words(words, "ssh|-p|2222|-o|" TUNNEL_OPTIONS "ControlMaster=no|-W|[::1]:80|--|gate");
}

static void user_in_the_address_wins_over_the_flag(void **state) {
    const Options options = {.ssh_username = "root"};
    const SshAddress gate = {.host = (char *) "core@gate"};
    char **words = NULL;
    assert_int_equal(ssh_tunnel_master(&options, &gate, "/t/ssh", &words), 0);
    assert_words(words, "ssh|-o|" TUNNEL_OPTIONS
                        "ControlMaster=yes|-o|ControlPersist=no|-N|-T|--|core@gate");
}

/* The outer ssh halves each '%%', then a shell takes the quotes away, then the inner ssh reads the
 * option. */
static void proxy_survives_the_shell_and_both_ssh(void **state) {
    const Options options = {.ssh_timeout_usec = USEC_PER_SEC, .known_hosts_file = "my %keys"};
    const SshAddress gate = {.host = (char *) "gate"};
    _cleanup_free_ char *proxy = ssh_tunnel_proxy(&options, &gate, "/t/ssh");
    assert_string_equal(proxy,
                        "ssh -o ConnectTimeout=1 -o 'UserKnownHostsFile=\"my %%%%keys\"' -o "
                        "ControlPath=/t/ssh -o ClearAllForwardings=yes -o RemoteCommand=none -o "
                        "ControlMaster=no -W '[%h]:%p' -- gate");
    assert_command(&nothing_given, &(SshTarget){.host = "m1", .proxy_command = "x '%h'"},
                   "ssh|-o|ConnectTimeout=10|-o|ProxyCommand=x '%h'|--|m1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_given_is_left_to_ssh),
        cmocka_unit_test(flags_become_options_of_ssh),
        cmocka_unit_test(script_is_neither_asked_nor_read_from),
        cmocka_unit_test(address_is_never_read_as_a_flag),
        cmocka_unit_test(tunnel_is_one_login_and_connections_through_it),
        cmocka_unit_test(user_in_the_address_wins_over_the_flag),
        cmocka_unit_test(proxy_survives_the_shell_and_both_ssh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
