#include "fleetctl/commands/systemctl.h"

#include "fleetctl/print/message.h"
#include "fleetctl/remote/remote-machine.h"
#include "fleetd/base/strv.h"

#include <errno.h>

void systemctl_done(Systemctl *systemctl) {
    strv_free(systemctl->silent);
    *systemctl = (Systemctl){};
}

/* The address is not asked for where ssh is not needed. */
static int machine_describe(const Systemctl *systemctl, const char *machine_id, bool is_here,
                            RemoteMachine *ret) {
    const char *address =
        is_here ? "" : machine_names_address(systemctl->context->machines, machine_id);
    if (!is_here && str_is_empty(address))
        return -EDESTADDRREQ;
    *ret = (RemoteMachine){.id = (char *) machine_id, .address = (char *) address};
    return 0;
}

static int failure_complain(Systemctl *systemctl, const RemoteMachine *machine, bool is_here, int r,
                            const Error *error) {
    if (r < 0)
        complain("No systemctl status from %s: %s", is_here ? "this machine" : machine->address,
                 error_text(error, r));
    else
        complain("No systemctl status from %s: ssh did not get there", machine->address);
    (void) strv_push(&systemctl->silent, machine->id);
    return r < 0 ? r : -EHOSTUNREACH;
}

int systemctl_status(Systemctl *systemctl, const char *unit, const char *machine_id) {
    const char *const words[] = {"systemctl", "--no-pager", "status", "-l", "--", unit, NULL};
    const RemoteRun run = {.words = words, .never_asks = true};
    bool is_here = streq(systemctl->context->machine_id, machine_id);
    _cleanup_error_ Error error = {};
    RemoteMachine machine;
    int r = machine_describe(systemctl, machine_id, is_here, &machine);
    if (r < 0 || strv_contains(systemctl->silent, machine_id))
        return r < 0 ? r : -EHOSTUNREACH;
    say_blank_line();
    r = remote_machine_run(systemctl->context, &machine, &run, &error);
    if (r < 0 || (r == SSH_FAILED && !is_here))
        return failure_complain(systemctl, &machine, is_here, r, &error);
    return r;
}
