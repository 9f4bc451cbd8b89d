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

static int failure_complain(Systemctl *systemctl, const RemoteMachine *machine, const char *name,
                            int r, const char *cause) {
    complain("No systemctl status from %s: %s", name, cause);
    (void) strv_push(&systemctl->silent, machine->id);
    return r;
}

static int machine_ask(Systemctl *systemctl, const RemoteMachine *machine, bool is_here,
                       const char *unit) {
    const char *const words[] = {"systemctl", "--no-pager", "status", "-l", "--", unit, NULL};
    const RemoteRun run = {.words = words, .never_asks = true};
    const char *name = is_here ? "this machine" : machine->address;
    _cleanup_error_ Error error = {};
    say_blank_line();
    int r = remote_machine_run(systemctl->context, machine, &run, &error);
    if (r < 0)
        return failure_complain(systemctl, machine, name, r, error_text(&error, r));
    if (r == SSH_FAILED && !is_here)
        return failure_complain(systemctl, machine, name, -EHOSTUNREACH, "ssh did not get there");
    return r;
}

int systemctl_status(Systemctl *systemctl, const char *unit, const char *machine_id) {
    bool is_here = streq(systemctl->context->machine_id, machine_id);
    if (strv_contains(systemctl->silent, machine_id))
        return -EHOSTUNREACH;
    RemoteMachine machine = machine_describe(systemctl, machine_id, is_here);
    if (!is_here && !*machine.address)
        return failure_complain(systemctl, &machine, machine_id, -EDESTADDRREQ,
                                "its address is not known");
    return machine_ask(systemctl, &machine, is_here, unit);
}
