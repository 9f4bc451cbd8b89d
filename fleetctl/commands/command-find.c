/* From a word of the command line to its command: the name, or the beginning of no other one's. */
#include "fleetctl/commands/command.h"
#include "fleetd/base/strv.h"

static int command_unknown(const char *word, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    for (const Command *command = commands; command->name; command++)
        if (strv_push(&names, command->name) < 0)
            return -ENOMEM;
    const char *suggestion = str_suggest(word, (const char *const *) names);
    if (!suggestion)
        return error_set(reterr, -EINVAL, "unknown command '%s'; 'fleetctl help' lists them", word);
    return error_set(reterr, -EINVAL, "unknown command '%s' (did you mean '%s'?)", word,
                     suggestion);
}

static int command_ambiguous(const char *word, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    for (const Command *command = commands; command->name; command++)
        if (strncmp(command->name, word, strlen(word)) == 0 && strv_push(&names, command->name) < 0)
            return -ENOMEM;
    _cleanup_free_ char *choices = strv_join(names, ", ");
    return error_set(reterr, -EINVAL, "command '%s' is ambiguous: %s", word, str_or(choices, ""));
}

int command_find(const char *word, const Command **ret, Error *reterr) {
    const Command *found = NULL;
    for (const Command *command = commands; command->name; command++) {
        if (streq(command->name, word)) {
            *ret = command;
            return 0;
        }
        if (!*word || strncmp(command->name, word, strlen(word)) != 0)
            continue;
        if (found)
            return command_ambiguous(word, reterr);
        found = command;
    }
    if (!found)
        return command_unknown(word, reterr);
    *ret = found;
    return 0;
}
