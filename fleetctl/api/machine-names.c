#include "fleetctl/api/machine-names.h"

#include "fleetctl/api/api-items.h"
#include "fleetd/base/log.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"

#include <errno.h>

#define SHORT_LENGTH 8
#define SHORT_MARK "..."
#define BETWEEN_WORDS " ,;:()/"

struct MachineNames {
    ApiClient *api;
    Map *addresses; /* id -> address */
    Map *missed;    /* ids that were looked for in vain: asked for once each */
    bool is_known;  /* the last time all machines were told */
};

int machine_names_new(ApiClient *api, MachineNames **ret) {
    _cleanup_(machine_names_freep) MachineNames *names = calloc(1, sizeof(MachineNames));
    if (!names)
        return -ENOMEM;
    names->api = api;
    names->addresses = map_new(free);
    names->missed = map_new(NULL);
    if (!names->addresses || !names->missed)
        return -ENOMEM;
    *ret = TAKE_PTR(names);
    return 0;
}

void machine_names_free(MachineNames *names) {
    if (!names)
        return;
    map_free(names->addresses);
    map_free(names->missed);
    free(names);
}

int machine_names_learn(MachineNames *names, const char *machine_id, const char *address) {
    char *copy = strdup(address);
    int r = copy ? map_put(names->addresses, machine_id, copy) : -ENOMEM;
    if (r < 0)
        free(copy);
    return r;
}

static int addresses_fetch(MachineNames *names, Error *reterr) {
    _cleanup_api_machines_ ApiMachines machines = {};
    int r = api_list_machines(names->api, &machines, reterr);
    for (size_t i = 0; r >= 0 && i < machines.n; i++)
        r = machine_names_learn(names, machines.items[i].id, machines.items[i].address);
    return r;
}

/* A name without its address is better than no answer: failures are told in the debug output only.
 */
const char *machine_names_address(MachineNames *names, const char *machine_id) {
    _cleanup_error_ Error error = {};
    if (!map_has(names->addresses, machine_id) && !map_has(names->missed, machine_id)) {
        int r = addresses_fetch(names, &error);
        names->is_known = r >= 0;
        if (r < 0)
            log_debug("No addresses of machines: %s", error_text(&error, r));
        if (!map_has(names->addresses, machine_id))
            (void) map_put(names->missed, machine_id, NULL);
    }
    return map_get(names->addresses, machine_id);
}

bool machine_names_is_away(MachineNames *names, const char *machine_id) {
    return !machine_names_address(names, machine_id) && names->is_known;
}

char *machine_id_shorten(const char *machine_id, bool full) {
    return full ? strdup(machine_id) : str_printf("%.*s" SHORT_MARK, SHORT_LENGTH, machine_id);
}

static bool is_machine_id(const char *word, size_t length) {
    return length == MACHINE_ID_LENGTH && strspn(word, "0123456789abcdef") == length;
}

char *machine_ids_shorten(const char *text, bool full) {
    char *shortened = strdup(str_or(text, ""));
    if (!shortened || full)
        return shortened;
    for (char *word = shortened; *word; word += strspn(word, BETWEEN_WORDS)) {
        size_t length = strcspn(word, BETWEEN_WORDS);
        char *rest = word + length;
        if (is_machine_id(word, length)) {
            char *end = stpcpy(word + SHORT_LENGTH, SHORT_MARK);
            memmove(end, rest, strlen(rest) + 1);
            rest = end;
        }
        word = rest;
    }
    return shortened;
}

char *machine_names_label(MachineNames *names, const char *machine_id, bool full) {
    if (!*machine_id)
        return strdup("-");
    const char *address = machine_names_address(names, machine_id);
    _cleanup_free_ char *id = machine_id_shorten(machine_id, full);
    return id ? str_printf("%s%s%s", id, str_is_empty(address) ? "" : "/", str_or(address, ""))
              : NULL;
}
