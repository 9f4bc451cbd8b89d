#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/remote/remote-machine.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static int words_make(const Options *options, const char *unit, char ***ret) {
    _cleanup_free_ char *lines = str_printf("%lld", (long long) options->lines);
    const char *const all[] = {
        options->sudo ? "sudo" : NULL,
        "journalctl",
        "--no-pager",
        "--unit",
        unit,
        "--lines",
        lines,
        "--output",
        str_or(options->output, "short"),
        options->follow ? "--follow" : NULL,
    };
    _cleanup_(strv_freep) char **words = NULL;
    int r = lines ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(all); i++)
        r = all[i] ? strv_push(&words, all[i]) : 0;
    if (r >= 0)
        *ret = TAKE_PTR(words);
    return r;
}

int command_journal(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_remote_machine_ RemoteMachine machine = {};
    _cleanup_(strv_freep) char **words = NULL;
    _cleanup_free_ char *unit = NULL;
    int r = unit_name_complete(operands[0], &unit);
    if (r >= 0)
        r = remote_machine_of_unit(context, unit, context->options->machine, &machine, reterr);
    if (r == 0) {
        complain("Unit %s does not exist.", unit);
        units_suggest(context->api, (char *[]){unit, NULL});
        return EXIT_FAILURE;
    }
    if (r >= 0)
        r = words_make(context->options, unit, &words);
    if (r < 0)
        return r;
    const RemoteRun run = {.words = (const char *const *) words};
    return remote_machine_run(context, &machine, &run, reterr);
}
