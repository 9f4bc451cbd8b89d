/* Small texts that people type for fleetctl: the first line names the kind, the rest is the text.
 */
#include "fleetctl/api/endpoint.h"
#include "fleetctl/remote/shell-words.h"
#include "fleetctl/remote/ssh-address.h"
#include "fleetctl/units/machine-select.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetctl/units/version-operand.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "tests/fuzz/fuzz.h"

/* ssh must not take it for a flag, nor a shell on the way for more than a word. */
static void host_check(const char *host) {
    HOLDS(*host && *host != '-' && !strpbrk(host, " \t\r\n'\"`$\\;&<>|(){}[]/"));
}

static void ssh_address_check(const SshAddress *address) {
    _cleanup_ssh_address_ SshAddress again = {};
    host_check(address->host);
    HOLDS(address->port <= 65535);
    _cleanup_free_ char *text = ssh_address_format(address);
    if (address->port == 0 || strchr(address->host, '@')) /* a user's is never formatted */
        return;
    HOLDS(ssh_address_parse(text, &again, NULL) == 0);
    HOLDS(streq(again.host, address->host) && again.port == address->port);
}

static void ssh_address_try(const char *text) {
    _cleanup_ssh_address_ SshAddress address = {};
    if (ssh_address_parse(text, &address, NULL) >= 0)
        ssh_address_check(&address);
}

static void url_try(const char *text) {
    _cleanup_ssh_address_ SshAddress address = {};
    if (ssh_address_parse_url(text, &address, NULL) < 0)
        return;
    HOLDS(address.port > 0);
    ssh_address_check(&address);
}

/* What --endpoint may be, the parts that need a host can take. */
static void endpoint_try(const char *text) {
    _cleanup_(endpoint_done) Endpoint endpoint = {};
    _cleanup_error_ Error error = {};
    if (endpoint_parse(text, &endpoint, &error) < 0) {
        HOLDS(error.message && !endpoint.base_url && !endpoint.unix_socket);
        return;
    }
    size_t n = strlen(endpoint.base_url);
    HOLDS(n > 0 && endpoint.base_url[n - 1] != '/' && fuzz_is_clean(endpoint.base_url));
    HOLDS(!endpoint.unix_socket || (*endpoint.unix_socket == '/' && endpoint.unix_socket[1]));
}

/* The next word as a shell reads it; nothing that it gives a meaning to stands outside quotes.
 * NULL: there is none. */
static char *shell_read(const char **text) {
    const char *p = *text + strspn(*text, " ");
    char *word = strdup(p), *to = word;
    bool is_quoted = false, is_word = *p;
    for (; *p && (is_quoted || *p != ' '); p++) {
        if (*p == '\'')
            is_quoted = !is_quoted;
        else if (!is_quoted && *p == '\\' && p[1])
            *to++ = *++p;
        else {
            HOLDS(is_quoted || !strchr("\t\n|&;<>()$`\\\"*?[#~!{}", *p));
            *to++ = *p;
        }
    }
    *to = 0;
    *text = p;
    if (is_word)
        return word;
    free(word);
    return NULL;
}

/* A shell reads the words that were written. */
static void shell_words_try(const char *text) {
    _cleanup_(strv_freep) char **words = NULL;
    HOLDS(strv_split(text, "\n", &words) == 0);
    _cleanup_free_ char *line = shell_words_join(words);
    const char *rest = line;
    STRV_FOREACH (word, words) {
        _cleanup_free_ char *read = shell_read(&rest);
        HOLDS(streq_ptr(read, *word));
    }
    HOLDS(!*rest);
}

static void machine_try(const char *text) {
    static const ApiMachine machine = {
        .id = "113f16a7000000000000000000000001", .address = "10.0.0.1", .status = "running"};
    machine_is_meant(&machine, text);
    machine_operand_is_choice(text);
    machine_suggest(&machine, 1, text);
}

static void unit_try(const char *text) {
    static const char *const names[] = {"web@1.service", "a.timer"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        HOLDS(operand_means_unit(names[i], names[i]));
        _cleanup_free_ char *name = NULL;
        HOLDS(unit_name_complete(text, &name) == 0);
        bool is_meant =
            operand_is_glob(text) ? operand_glob_matches(text, names[i]) : streq(name, names[i]);
        HOLDS(operand_means_unit(text, names[i]) == is_meant);
    }
}

/* What is a version is no unit's name; what is made of a name is one. */
static void version_try(const char *text) {
    _cleanup_free_ char *name = NULL;
    int64_t number = 0;
    if (operand_parse_version(text, &name, &number) == 0)
        return;
    _cleanup_free_ char *again = str_printf("%s@%lld", name, (long long) number);
    HOLDS(number > 0 && streq(again, text));
    HOLDS(unit_name_check(name, NULL) == 0 && unit_name_check(text, NULL) < 0);
}

static const struct {
    const char *name;
    void (*attempt)(const char *text);
} kinds[] = {
    {"ssh-address", ssh_address_try}, {"url", url_try},         {"endpoint", endpoint_try},
    {"shell-words", shell_words_try}, {"machine", machine_try}, {"unit", unit_try},
    {"version", version_try},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    _cleanup_free_ char *name = fuzz_take_line(&input), *text = fuzz_take_rest(&input, NULL);
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (streq(kinds[i].name, name))
            kinds[i].attempt(text);
    return 0;
}
