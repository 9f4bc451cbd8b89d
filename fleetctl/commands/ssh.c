#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/remote/remote-machine.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* Which machine the flags or the first operand mean; *command is what follows. */
static int machine_choose(Context *context, const char *const **command, RemoteMachine *ret,
                          Error *reterr) {
    const Options *options = context->options;
    if (options->machine && options->unit)
        return error_set(reterr, -EINVAL, "--machine and --unit exclude each other");
    if (options->machine)
        return remote_machine_find(context, options->machine, ret, reterr);
    if (options->unit)
        return remote_machine_of_unit(context, options->unit, NULL, ret, reterr);
    if (!**command)
        return error_set(reterr, -EINVAL, "No machine or unit given");
    return remote_machine_guess(context, *(*command)++, ret, reterr);
}

/* Says that what the flags or word name is not there. The exit status. */
static int unknown_complain(const Context *context, const char *word) {
    const Options *options = context->options;
    const char *kind = options->machine ? "Machine" : "Machine or unit";
    const char *name = str_or(options->unit, word);
    complain("%s %s does not exist.", options->unit ? "Unit" : kind, name);
    if (!options->machine)
        units_suggest(context->api, (char *[]){(char *) name, NULL});
    return EXIT_FAILURE;
}

int command_ssh(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_remote_machine_ RemoteMachine machine = {};
    const char *const *words = operands;
    int r = machine_choose(context, &words, &machine, reterr);
    if (r == 0)
        return unknown_complain(context, str_or(context->options->machine, operands[0]));
    if (r < 0)
        return r;
    if (*words && streq(*words, "--"))
        words++;
    _cleanup_free_ char *command = *words ? strv_join((char *const *) words, " ") : NULL;
    if (*words && !command)
        return -ENOMEM;
    return remote_machine_login(context, &machine, command, reterr);
}
