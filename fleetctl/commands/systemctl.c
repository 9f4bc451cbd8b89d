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
static RemoteMachine machine_describe(const Systemctl *systemctl, const char *machine_id,
                                      bool is_here) {
    const char *address =
        is_here ? NULL : machine_names_address(systemctl->context->machines, machine_id);
    return (RemoteMachine){.id = (char *) machine_id, .address = (char *) str_or(address, "")};
}

static int failure_complain(Systemctl *systemctl, const RemoteMachine *machine, bool is_here, int r,
                            const Error *error) {
    const char *name = *machine->address ? machine->address : machine->id;
    complain("No systemctl status from %s: %s", is_here ? "this machine" : name,
             r < 0 ? error_text(error, r) : "ssh did not get there");
    (void) strv_push(&systemctl->silent, machine->id);
    return r < 0 ? r : -EHOSTUNREACH;
}

static int machine_ask(const Systemctl *systemctl, const RemoteMachine *machine, bool is_here,
                       const char *unit, Error *reterr) {
    const char *const words[] = {"systemctl", "--no-pager", "status", "-l", "--", unit, NULL};
    const RemoteRun run = {.words = words, .never_asks = true};
    if (!is_here && !*machine->address)
        return error_set(reterr, -EDESTADDRREQ, "its address is not known");
    say_blank_line();
    return remote_machine_run(systemctl->context, machine, &run, reterr);
}

int systemctl_status(Systemctl *systemctl, const char *unit, const char *machine_id) {
    bool is_here = streq(systemctl->context->machine_id, machine_id);
    _cleanup_error_ Error error = {};
    if (strv_contains(systemctl->silent, machine_id))
        return -EHOSTUNREACH;
    RemoteMachine machine = machine_describe(systemctl, machine_id, is_here);
    int r = machine_ask(systemctl, &machine, is_here, unit, &error);
    if (r < 0 || (r == SSH_FAILED && !is_here))
        return failure_complain(systemctl, &machine, is_here, r, &error);
    return r;
}
