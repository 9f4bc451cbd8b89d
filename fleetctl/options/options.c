#include "fleetctl/options/options.h"

#include "fleetd/base/strv.h"

#include <ctype.h>

/* name is the flag as it was typed, for the message. */
static int flag_set(Options *options, FlagId id, const char *text, const char *name,
                    Error *reterr) {
    const Flag *flag = flag_get(id);
    int r = flag->parse(text, (char *) options + flag->offset, reterr);
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

static int environment_apply(const char *const *environment, Options *options, Error *reterr) {
    for (FlagId id = 0; id < _FLAG_MAX; id++) {
        if (!flag_is_in_environment(id))
            continue;
        _cleanup_free_ char *name = environment_name(flag_get(id));
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
    OptionsFlagsEnd flags_end;
    const char *const *next;
    const char **words;
    size_t n_words;
} Parser;

static int flag_unknown(const char *argument, const char *name, size_t length, Error *reterr) {
    const char *names[_FLAG_MAX + 1];
    for (FlagId id = 0; id < _FLAG_MAX; id++)
        names[id] = flag_get(id)->name;
    names[_FLAG_MAX] = NULL;
    _cleanup_free_ char *word = strndup(name, length);
    const char *suggestion = word ? str_suggest(word, names) : NULL;
    if (!suggestion)
        return error_set(reterr, -EINVAL, "unknown flag %s; 'fleetctl help COMMAND' lists them",
                         argument);
    return error_set(reterr, -EINVAL, "unknown flag %s (did you mean --%s?)", argument, suggestion);
}

/* What stands behind '=', or the next argument if the flag needs a value. NULL: it is missing. */
static const char *value_take(Parser *parser, const Flag *flag, const char *after_name) {
    if (*after_name == '=')
        return after_name + 1;
    if (!flag->argument)
        return "true";
    return *parser->next ? *parser->next++ : NULL;
}

/* --name, --name=value, or --name value. */
static int long_flag_parse(Parser *parser, const char *argument, Error *reterr) {
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    FlagId id = flag_find(name, length);
    if (id < 0)
        return flag_unknown(argument, name, length, reterr);

    const Flag *flag = flag_get(id);
    const char *text = value_take(parser, flag, name + length);
    if (!text)
        return error_set(reterr, -EINVAL, "--%s needs a value: --%s=%s", flag->name, flag->name,
                         flag->argument);
    _cleanup_free_ char *typed = str_printf("--%s", flag->name);
    parser->options->given |= FLAG_BIT(id);
    return typed ? flag_set(parser->options, id, text, typed, reterr) : -ENOMEM;
}

/* -l; letters are switches, and several may share a dash. */
static int letters_parse(Parser *parser, const char *argument, Error *reterr) {
    for (const char *letter = argument + 1; *letter; letter++) {
        FlagId id = flag_find_letter(*letter);
        if (id < 0)
            return flag_unknown(argument, argument + 1, strcspn(argument + 1, "="), reterr);
        parser->options->given |= FLAG_BIT(id);
        int r = flag_set(parser->options, id, "true", argument, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Whether the last word was the first operand of a command that passes the rest on. */
static bool parser_is_at_end_of_flags(const Parser *parser) {
    return parser->n_words == 2 && parser->flags_end && parser->flags_end(parser->words[0]);
}

static int arguments_parse(Parser *parser, Error *reterr) {
    bool only_words = false;
    while (*parser->next) {
        const char *argument = *parser->next++;
        int r = 0;
        if (only_words || argument[0] != '-' || !argument[1]) {
            parser->words[parser->n_words++] = argument;
            only_words = only_words || parser_is_at_end_of_flags(parser);
        } else if (streq(argument, "--"))
            only_words = true;
        else
            r = argument[1] == '-' ? long_flag_parse(parser, argument, reterr)
                                   : letters_parse(parser, argument, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

int options_parse(const char *const *arguments, const char *const *environment,
                  OptionsFlagsEnd flags_end, Options *ret, const char ***ret_words, Error *reterr) {
    Options options = {
        .endpoint = ENDPOINT_DEFAULT,
        .driver = "API",
        .request_timeout_usec = 10 * USEC_PER_SEC,
        .lines = 10,
        .block_attempts = BLOCK_ATTEMPTS_UNSET,
    };
    _cleanup_free_ const char **words =
        calloc(strv_length((char *const *) arguments) + 1, sizeof(char *));
    if (!words)
        return -ENOMEM;
    Parser parser = {
        .options = &options, .flags_end = flags_end, .next = arguments, .words = words};

    int r = environment_apply(environment, &options, reterr);
    if (r >= 0)
        r = arguments_parse(&parser, reterr);
    if (r < 0)
        return r;
    *ret = options;
    *ret_words = TAKE_PTR(words);
    return 0;
}

int options_check_allowed(const Options *options, const char *command, uint64_t allowed,
                          Error *reterr) {
    uint64_t foreign = options->given & ~(FLAGS_GLOBAL | allowed);
    if (!foreign)
        return 0;
    return error_set(reterr, -EINVAL, "%s has no flag --%s; 'fleetctl help %s' lists those it has",
                     command, flag_get((FlagId) __builtin_ctzll(foreign))->name, command);
}
