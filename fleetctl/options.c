#include "fleetctl/options.h"

#include "fleetd/base/strv.h"

#include <ctype.h>
#include <inttypes.h>

static int text_parse(const char *text, void *ret, Error *reterr) {
    *(const char **) ret = text;
    return 0;
}

static int switch_parse(const char *text, void *ret, Error *reterr) {
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (streq(text, words[i])) {
            *(bool *) ret = i % 2 == 1;
            return 0;
        }
    return error_set(reterr, -EINVAL, "'%s' is neither true nor false", text);
}

static int timeout_parse(const char *text, void *ret, Error *reterr) {
    usec_t usec = 0;
    int r = timespan_parse(text, &usec, reterr);
    if (r < 0)
        return r;
    if (usec == 0)
        return error_set(reterr, -EINVAL, "a timeout must be longer than nothing");
    *(usec_t *) ret = usec;
    return 0;
}

#define COUNT_MAX 1000000000

static int count_parse(const char *text, void *ret, Error *reterr) {
    if (!isdigit((unsigned char) *text) || strspn(text, "0123456789") != strlen(text))
        return error_set(reterr, -EINVAL, "'%s' is not a whole number", text);
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno != 0 || value > COUNT_MAX)
        return error_set(reterr, -EINVAL, "'%s' is more than %d", text, COUNT_MAX);
    *(int64_t *) ret = (int64_t) value;
    return 0;
}

#define VALUE(field) offsetof(Options, field)

static const Flag flags[_FLAG_MAX] = {
    [FLAG_ENDPOINT] = {"endpoint", 0, "URL",
                       "Where fleetd answers: unix:///PATH, http://HOST:PORT or https://HOST:PORT "
                       "(default " ENDPOINT_DEFAULT ").",
                       text_parse, VALUE(endpoint)},
    [FLAG_REQUEST_TIMEOUT] =
        {"request-timeout", 0, "TIME",
         "How long to wait for the answer to one request; a bare number is seconds (default 3.0).",
         timeout_parse, VALUE(request_timeout_usec)},
    [FLAG_CA_FILE] = {"ca-file", 0, "FILE",
                      "Certificates of the authorities that may vouch for fleetd (PEM).",
                      text_parse, VALUE(ca_file)},
    [FLAG_CERT_FILE] = {"cert-file", 0, "FILE",
                        "Certificate to show to fleetd (PEM); needs --key-file.", text_parse,
                        VALUE(cert_file)},
    [FLAG_KEY_FILE] = {"key-file", 0, "FILE", "Key of that certificate (PEM).", text_parse,
                       VALUE(key_file)},
    [FLAG_DRIVER] = {"driver", 0, "NAME", "Accepted for old scripts; only API is left.", text_parse,
                     VALUE(driver)},
    [FLAG_ETCD_KEY_PREFIX] = {"etcd-key-prefix", 0, "PREFIX",
                              "Accepted for old scripts, without effect: fleetd knows its own.",
                              text_parse, VALUE(etcd_key_prefix)},
    [FLAG_DEBUG] = {"debug", 0, NULL, "Tell each request and its answer on standard error.",
                    switch_parse, VALUE(debug)},
    [FLAG_VERSION] = {"version", 0, NULL, "Print the version and exit.", switch_parse,
                      VALUE(version)},
    [FLAG_HELP] = {"help", 'h', NULL, "Print help, also on a command, and exit.", switch_parse,
                   VALUE(help)},
    [FLAG_REPLACE] = {"replace", 0, NULL,
                      "Replace a unit of the cluster whose local file differs. Local files win "
                      "over submitted templates.",
                      switch_parse, VALUE(replace)},
    [FLAG_NO_BLOCK] = {"no-block", 0, NULL, "Do not wait until the request has been carried out.",
                       switch_parse, VALUE(no_block)},
    [FLAG_BLOCK_ATTEMPTS] = {"block-attempts", 0, "N",
                             "Wait N seconds at most; 0 waits for ever, also for a place.",
                             count_parse, VALUE(block_attempts)},
    [FLAG_NO_LEGEND] = {"no-legend", 0, NULL, "Leave out the column headers.", switch_parse,
                        VALUE(no_legend)},
    [FLAG_FULL] = {"full", 'l', NULL, "Do not shorten machine ids and hashes.", switch_parse,
                   VALUE(full)},
    [FLAG_FIELDS] = {"fields", 0, "NAME,...", "The columns to show, in this order.", text_parse,
                     VALUE(fields)},
};

const Flag *flag_get(FlagId id) {
    return &flags[id];
}

static FlagId flag_find(const char *name, size_t length) {
    for (FlagId id = 0; id < _FLAG_MAX; id++)
        if (strlen(flags[id].name) == length && strncmp(flags[id].name, name, length) == 0)
            return id;
    return _FLAG_INVALID;
}

static FlagId flag_find_letter(char letter) {
    for (FlagId id = 0; id < _FLAG_MAX; id++)
        if (flags[id].letter == letter && letter)
            return id;
    return _FLAG_INVALID;
}

/* name is the flag as it was typed, for the message. */
static int flag_set(Options *options, FlagId id, const char *text, const char *name,
                    Error *reterr) {
    int r = flags[id].parse(text, (char *) options + flags[id].offset, reterr);
    return r < 0 ? error_prefix(reterr, r, "%s", name) : 0;
}

static char *environment_name(const Flag *flag) {
    char *name = str_printf("FLEETCTL_%s", flag->name);
    for (char *p = name; p && *p; p++)
        *p = *p == '-' ? '_' : (char) toupper((unsigned char) *p);
    return name;
}

static const char *environment_find(const char *const *environment, const char *name) {
    size_t length = strlen(name);
    STRV_FOREACH (entry, environment)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

/* FLEETCTL_VERSION and FLEETCTL_HELP are not read: image builders call the wanted release so. */
static int environment_apply(const char *const *environment, Options *options, Error *reterr) {
    for (FlagId id = 0; id < FLAG_VERSION; id++) {
        _cleanup_free_ char *name = environment_name(&flags[id]);
        if (!name)
            return -ENOMEM;
        const char *text = environment_find(environment, name);
        int r = str_is_empty(text) ? 0 : flag_set(options, id, text, name, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

typedef struct Parser {
    Options *options;
    const char *const *next;
    const char **words;
    size_t n_words;
} Parser;

static int flag_unknown(const char *argument, const char *name, size_t length, Error *reterr) {
    const char *names[_FLAG_MAX + 1];
    for (FlagId id = 0; id < _FLAG_MAX; id++)
        names[id] = flags[id].name;
    names[_FLAG_MAX] = NULL;
    _cleanup_free_ char *word = strndup(name, length);
    const char *suggestion = word ? str_suggest(word, names) : NULL;
    if (!suggestion)
        return error_set(reterr, -EINVAL, "unknown flag %s", argument);
    return error_set(reterr, -EINVAL, "unknown flag %s (did you mean --%s?)", argument, suggestion);
}

/* --name, --name=value, or --name value. */
static int long_flag_parse(Parser *parser, const char *argument, Error *reterr) {
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    FlagId id = flag_find(name, length);
    if (id < 0)
        return flag_unknown(argument, name, length, reterr);

    _cleanup_free_ char *typed = str_printf("--%s", flags[id].name);
    const char *text = name[length] == '='  ? name + length + 1
                       : flags[id].argument ? *parser->next
                                            : "true";
    if (!typed)
        return -ENOMEM;
    if (!text)
        return error_set(reterr, -EINVAL, "%s needs a value: %s=%s", typed, typed,
                         flags[id].argument);
    if (flags[id].argument && text == *parser->next)
        parser->next++;
    parser->options->given |= FLAG_BIT(id);
    return flag_set(parser->options, id, text, typed, reterr);
}

/* -l; letters are switches, and several may share a dash. */
static int letters_parse(Parser *parser, const char *argument, Error *reterr) {
    for (const char *letter = argument + 1; *letter; letter++) {
        FlagId id = flag_find_letter(*letter);
        if (id < 0)
            return flag_unknown(argument, argument + 1, strcspn(argument + 1, "="), reterr);
        parser->options->given |= FLAG_BIT(id);
        int r = flag_set(parser->options, id, "true", flags[id].name, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

static int arguments_parse(Parser *parser, Error *reterr) {
    bool only_words = false;
    while (*parser->next) {
        const char *argument = *parser->next++;
        int r = 0;
        if (only_words || argument[0] != '-' || !argument[1])
            parser->words[parser->n_words++] = argument;
        else if (streq(argument, "--"))
            only_words = true;
        else
            r = argument[1] == '-' ? long_flag_parse(parser, argument, reterr)
                                   : letters_parse(parser, argument, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

int options_parse(const char *const *arguments, const char *const *environment, Options *ret,
                  const char ***ret_words, Error *reterr) {
    Options options = {
        .endpoint = ENDPOINT_DEFAULT,
        .driver = "API",
        .request_timeout_usec = 3 * USEC_PER_SEC,
        .block_attempts = BLOCK_ATTEMPTS_UNSET,
    };
    _cleanup_free_ const char **words =
        calloc(strv_length((char *const *) arguments) + 1, sizeof(char *));
    if (!words)
        return -ENOMEM;
    Parser parser = {.options = &options, .next = arguments, .words = words};

    int r = environment_apply(environment, &options, reterr);
    if (r >= 0)
        r = arguments_parse(&parser, reterr);
    if (r < 0)
        return r;
    *ret = options;
    *ret_words = TAKE_PTR(words);
    return 0;
}

int options_check_allowed(const Options *options, const char *command, uint32_t allowed,
                          Error *reterr) {
    uint32_t foreign = options->given & ~(FLAGS_GLOBAL | allowed);
    if (!foreign)
        return 0;
    return error_set(reterr, -EINVAL, "%s has no flag --%s", command,
                     flags[__builtin_ctz(foreign)].name);
}
