#include "fleetctl/remote/remote-machine.h"

#include "fleetctl/api/api-list.h"
#include "fleetctl/remote/machine-find.h"
#include "fleetctl/remote/process.h"
#include "fleetctl/remote/shell-words.h"
#include "fleetctl/remote/ssh-command.h"
#include "fleetctl/remote/unit-machines.h"
#include "fleetd/base/strv.h"

#include <errno.h>

void remote_machine_done(RemoteMachine *machine) {
    free(machine->id);
    free(machine->address);
    *machine = (RemoteMachine){};
}

/* 1, or -ENOMEM. */
static int machine_make(const char *id, const char *address, RemoteMachine *ret) {
    RemoteMachine machine = {.id = strdup(id), .address = strdup(address)};
    if (!machine.id || !machine.address) {
        remote_machine_done(&machine);
        return -ENOMEM;
    }
    *ret = machine;
    return 1;
}

int remote_machine_find(const Context *context, const char *word, RemoteMachine *ret,
                        Error *reterr) {
    _cleanup_json_ json_object *machines = NULL;
    ApiMachine machine = {};
    int r = api_list(context->api, API_MACHINES, &machines, reterr);
    if (r >= 0)
        r = machine_find(machines, word, &machine, reterr);
    if (r > 0)
        r = machine_make(machine.id, machine.address, ret);
    return r;
}

static bool is_here(const Context *context, const char *machine_id) {
    return *context->machine_id && streq(context->machine_id, machine_id);
}

static int several_refuse(const Context *context, const char *unit, char *const *ids,
                          Error *reterr) {
    _cleanup_(strv_freep) char **labels = NULL;
    STRV_FOREACH (id, ids) {
        _cleanup_free_ char *label = machine_names_label(context->machines, *id, false);
        if (!label || strv_push(&labels, label) < 0)
            return -ENOMEM;
    }
    _cleanup_free_ char *choices = strv_join(labels, ", ");
    return error_set(reterr, -EINVAL, "Unit %s is on %zu machines; choose one with --machine: %s",
                     unit, strv_length(ids), str_or(choices, ""));
}

static int known_machine_find(const Context *context, const char *word, RemoteMachine *ret,
                              Error *reterr) {
    int r = remote_machine_find(context, word, ret, reterr);
    return r == 0 ? error_set(reterr, -EINVAL, "Machine %s is not in the cluster", word) : r;
}

int remote_machine_of_unit(const Context *context, const char *unit, const char *machine,
                           RemoteMachine *ret, Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    _cleanup_free_ char *name = NULL;
    int r = unit_machines(context, unit, &name, &ids, reterr);
    if (r <= 0)
        return r;
    if (!ids)
        return error_set(reterr, -ENODATA, "Unit %s does not appear to be loaded.", name);
    if (machine)
        return known_machine_find(context, machine, ret, reterr);
    if (ids[1])
        return several_refuse(context, name, ids, reterr);
    if (!is_here(context, ids[0]))
        return known_machine_find(context, ids[0], ret, reterr);
    return machine_make(ids[0], "", ret);
}

int remote_machine_guess(const Context *context, const char *word, RemoteMachine *ret,
                         Error *reterr) {
    _cleanup_remote_machine_ RemoteMachine by_name = {};
    _cleanup_(strv_freep) char **ids = NULL;
    _cleanup_free_ char *name = NULL;
    int r = remote_machine_find(context, word, &by_name, reterr);
    if (r < 0)
        return r;
    if (r == 0)
        return remote_machine_of_unit(context, word, NULL, ret, reterr);
    if (!strchr(word, '/')) /* "ID.../ADDRESS" would be the path of a unit file */
        r = unit_machines(context, word, &name, &ids, reterr);
    if (r < 0)
        return r;
    if (name)
        return error_set(reterr, -EINVAL,
                         "'%s' is both a machine and the unit %s; say --machine=%s or --unit=%s",
                         word, name, word, word);
    *ret = by_name;
    by_name = (RemoteMachine){};
    return 1;
}

static int ssh_run(const Context *context, const RemoteMachine *machine, SshTarget target,
                   Error *reterr) {
    _cleanup_(strv_freep) char **words = NULL;
    if (!*machine->address)
        return error_set(reterr, -EDESTADDRREQ, "Machine %s has told no address", machine->id);
    target.host = machine->address;
    target.port = context->options->ssh_port;
    target.proxy_command = context->proxy_command;
    int r = ssh_command(context->options, &target, &words);
    return r < 0 ? r : process_run(words, reterr);
}

int remote_machine_run(const Context *context, const RemoteMachine *machine, const RemoteRun *run,
                       Error *reterr) {
    if (is_here(context, machine->id))
        return process_run((char *const *) run->words, reterr);
    _cleanup_free_ char *command = shell_words_join((char *const *) run->words);
    SshTarget target = {.command = command, .ignores_input = true, .never_asks = run->never_asks};
    return command ? ssh_run(context, machine, target, reterr) : -ENOMEM;
}

int remote_machine_login(const Context *context, const RemoteMachine *machine, const char *command,
                         Error *reterr) {
    SshTarget target = {.command = command, .forward_agent = context->options->forward_agent};
    return ssh_run(context, machine, target, reterr);
}
