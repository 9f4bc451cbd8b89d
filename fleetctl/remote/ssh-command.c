#include "fleetctl/remote/ssh-command.h"

#include "fleetctl/remote/shell-words.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define TIMEOUT_USEC (10 * USEC_PER_SEC)
/* Nobody has asked for this ssh as such, and it may be the first of many that lead nowhere. */
#define TIMEOUT_UNASKED_USEC (3 * USEC_PER_SEC)

/* A command line as it grows; the first failure stays. */
typedef struct Words {
    char **strv;
    int result;
} Words;

static void words_add(Words *words, const char *word) {
    if (words->result >= 0)
        words->result = word ? strv_push(&words->strv, word) : -ENOMEM;
}

static void words_add_take(Words *words, char *word_take) {
    _cleanup_free_ char *word = word_take;
    words_add(words, word);
}

static void words_add_option(Words *words, char *option_take) {
    words_add(words, "-o");
    words_add_take(words, option_take);
}

static int words_finish(Words *words, char ***ret) {
    if (words->result >= 0)
        *ret = TAKE_PTR(words->strv);
    strv_free(words->strv);
    return words->result;
}

/* A user in the host's name is nearer than the flag. */
static void words_add_place(Words *words, const Options *options, const char *host, unsigned port) {
    if (port != 0) {
        words_add(words, "-p");
        words_add_take(words, str_printf("%u", port));
    }
    if (!str_is_empty(options->ssh_username) && !strchr(host, '@')) {
        words_add(words, "-l");
        words_add(words, options->ssh_username);
    }
}

static void words_add_options(Words *words, const Options *options, usec_t default_timeout_usec) {
    usec_t timeout_usec =
        options->ssh_timeout_usec ? options->ssh_timeout_usec : default_timeout_usec;
    uint64_t seconds = (timeout_usec + USEC_PER_SEC - 1) / USEC_PER_SEC;
    words_add_option(words, str_printf("ConnectTimeout=%llu", (unsigned long long) seconds));
    if (!str_is_empty(options->known_hosts_file))
        words_add_option(words, ssh_file_option("UserKnownHostsFile", options->known_hosts_file));
    if (options->strict_host_key_checking != TRISTATE_UNSET)
        words_add_option(
            words, str_printf("StrictHostKeyChecking=%s",
                              options->strict_host_key_checking == TRISTATE_ON ? "yes" : "no"));
}

/* "--", as neither what the cluster has for an address nor the command may be read as flags. */
static void words_add_host(Words *words, const char *host) {
    words_add(words, "--");
    words_add(words, host);
}

int ssh_command(const Options *options, const SshTarget *target, char ***ret) {
    Words words = {};
    words_add(&words, "ssh");
    words_add_place(&words, options, target->host, target->port);
    words_add_options(&words, options, target->never_asks ? TIMEOUT_UNASKED_USEC : TIMEOUT_USEC);
    if (target->forward_agent)
        words_add(&words, "-A");
    if (target->ignores_input)
        words_add(&words, "-n");
    if (target->never_asks)
        words_add_option(&words, strdup("BatchMode=yes"));
    if (target->proxy_command)
        words_add_option(&words, str_printf("ProxyCommand=%s", target->proxy_command));
    words_add_host(&words, target->host);
    if (target->command)
        words_add(&words, target->command);
    return words_finish(&words, ret);
}

/* The user's configuration may have forwardings or a command for this host, which are for the
 * user's own sessions there. */
static void words_add_tunnel(Words *words, const Options *options, const SshAddress *address,
                             const char *control) {
    words_add(words, "ssh");
    words_add_place(words, options, address->host, address->port);
    words_add_options(words, options, TIMEOUT_USEC);
    words_add_option(words, ssh_file_option("ControlPath", control));
    words_add_option(words, strdup("ClearAllForwardings=yes"));
    words_add_option(words, strdup("RemoteCommand=none"));
}

int ssh_tunnel_master(const Options *options, const SshAddress *address, const char *control,
                      char ***ret) {
    Words words = {};
    words_add_tunnel(&words, options, address, control);
    words_add_option(&words, strdup("ControlMaster=yes"));
    words_add_option(&words, strdup("ControlPersist=no"));
    words_add(&words, "-N");
    words_add(&words, "-T");
    words_add_host(&words, address->host);
    return words_finish(&words, ret);
}

int ssh_tunnel_session(const Options *options, const SshAddress *address, const char *control,
                       const char *unix_socket, const char *host_port, char ***ret) {
    const char *const forward[] = {"fleetctl", "fd-forward", unix_socket, NULL};
    Words words = {};
    words_add_tunnel(&words, options, address, control);
    words_add_option(&words, strdup("ControlMaster=no"));
    words_add(&words, unix_socket ? "-T" : "-W");
    if (!unix_socket)
        words_add(&words, host_port);
    words_add_host(&words, address->host);
    if (unix_socket)
        words_add_take(&words, shell_words_join((char *const *) forward));
    return words_finish(&words, ret);
}

/* ssh puts the machine's address in there, and a shell reads the result. */
#define MACHINE_PLACE "[%h]:%p"

char *ssh_tunnel_proxy(const Options *options, const SshAddress *address, const char *control) {
    _cleanup_(strv_freep) char **session = NULL, **escaped = NULL;
    if (ssh_tunnel_session(options, address, control, NULL, MACHINE_PLACE, &session) < 0)
        return NULL;
    STRV_FOREACH (word, session) {
        _cleanup_free_ char *text = ssh_value_escape(*word);
        if (!text || strv_push(&escaped, streq(*word, MACHINE_PLACE) ? *word : text) < 0)
            return NULL;
    }
    return shell_words_join(escaped);
}
