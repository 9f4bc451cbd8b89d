#include "fleetctl/commands/help.h"

#include "fleetctl/print/message.h"

#include <stdio.h>

#define FLAG_WIDTH 30

static void flags_print(uint64_t mask) {
    for (FlagId id = 0; id < _FLAG_MAX; id++) {
        const Flag *flag = flag_get(id);
        char typed[64];
        if (!(mask & FLAG_BIT(id)))
            continue;
        int n = flag->letter ? snprintf(typed, sizeof(typed), "-%c, ", flag->letter)
                             : snprintf(typed, sizeof(typed), "    ");
        snprintf(typed + n, sizeof(typed) - (size_t) n, "--%s%s%s", flag->name,
                 flag->argument ? "=" : "", str_or(flag->argument, ""));
        say("  %-*s  %s", FLAG_WIDTH, typed, flag->meaning);
    }
}

void help_print(void) {
    say("fleetctl hands systemd units to a cluster of machines that run fleetd.\n\n"
        "Usage: fleetctl [FLAG...] COMMAND [FLAG...] [OPERAND...]\n\n"
        "Commands (an unambiguous beginning is enough):");
    for (const Command *command = commands; command->name; command++)
        say("  %-16s  %s", command->name, command->summary);
    say("\nFlags of every command (in the environment: FLEETCTL_ENDPOINT and so on; the command "
        "line wins):");
    flags_print(FLAGS_GLOBAL);
    say("\nSee 'fleetctl help COMMAND' for the flags of a command, and fleetctl(1) for all of it.");
}

void help_print_command(const Command *command) {
    say("%s.\n\nUsage: fleetctl %s%s%s%s", command->summary, command->name,
        command->flags ? " [FLAG...]" : "", command->operands ? " " : "",
        str_or(command->operands, ""));
    if (command->description)
        say("\n%s", command->description);
    if (command->flags) {
        say("\nFlags:");
        flags_print(command->flags);
    }
    say("\nFor the flags of every command see 'fleetctl help'.");
}

int command_help(Context *context, const char *const *operands, Error *reterr) {
    const Command *command = NULL;
    if (!operands[0]) {
        help_print();
        return 0;
    }
    int r = command_find(operands[0], &command, reterr);
    if (r < 0)
        return r;
    help_print_command(command);
    return 0;
}
