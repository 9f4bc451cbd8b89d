#include "fleetctl/units/machine-select.h"

#include "fleetctl/api/api-list.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>

static bool metadata_matches(const ApiMachine *machine, const char *typed, const char *equals) {
    _cleanup_free_ char *key = strndup(typed, (size_t) (equals - typed));
    const char *value = NULL;
    return key && machine->metadata && json_get_string(machine->metadata, key, &value, NULL) > 0 &&
           fnmatch(equals + 1, value, 0) == 0;
}

bool machine_is_meant(const ApiMachine *machine, const char *typed) {
    const char *equals = strchr(typed, '='), *dots = strstr(typed, "...");
    size_t length = dots ? (size_t) (dots - typed) : strcspn(typed, "/");
    if (equals)
        return metadata_matches(machine, typed, equals);
    if (length == 0)
        return false;
    return strncasecmp(machine->id, typed, length) == 0 || streq(machine->address, typed) ||
           fnmatch(typed, machine->id, 0) == 0 || fnmatch(typed, machine->address, 0) == 0;
}

bool machine_operand_is_choice(const char *typed) {
    return strpbrk(typed, "=*?[") != NULL;
}

static bool is_address(const char *typed) {
    struct in6_addr address;
    return inet_pton(AF_INET, typed, &address) == 1 || inet_pton(AF_INET6, typed, &address) == 1;
}

const char *machine_suggest(const ApiMachine *machines, size_t n, const char *typed) {
    _cleanup_free_ const char **names = calloc(2 * n + 1, sizeof(char *));
    size_t n_names = 0;
    if (!names || is_address(typed))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        names[n_names++] = machines[i].address;
        names[n_names++] = machines[i].id;
    }
    return str_suggest(typed, names);
}

int machines_complain_unknown(ApiClient *api, char *const *unknown, Error *reterr) {
    _cleanup_api_machines_ ApiMachines machines = {};
    int r = api_list_machines(api, &machines, reterr);
    if (r < 0)
        return r;
    STRV_FOREACH (typed, unknown) {
        const char *suggestion = machine_suggest(machines.items, machines.n, *typed);
        complain("Machine %s does not exist.", *typed);
        if (suggestion)
            complain("Did you mean '%s'?", suggestion);
    }
    return EXIT_FAILURE;
}

#define ALL_ARE_LISTED "'fleetctl list-machines' has all"
#define MAY_BE_AWAY \
    "one that is away is named by its id, as 'fleetctl status' or 'list-reboots' shows it"

static int machine_unknown(const ApiMachines *machines, const char *typed, const char *advice,
                           Error *reterr) {
    const char *suggestion = machine_suggest(machines->items, machines->n, typed);
    if (suggestion)
        return error_set(reterr, -ENOENT, "there is no machine '%s' (did you mean '%s'?)", typed,
                         suggestion);
    return error_set(reterr, -ENOENT, "there is no machine '%s'; %s", typed, advice);
}

/* Adds the ids that one piece means; false: none, although it should. -ENOMEM. */
static int piece_find(const ApiMachines *machines, const char *typed, char ***ids) {
    bool means_any = false;
    for (size_t i = 0; i < machines->n; i++) {
        const ApiMachine *machine = &machines->items[i];
        if (!machine_is_meant(machine, typed))
            continue;
        means_any = true;
        if (strv_push(ids, machine->id) < 0)
            return -ENOMEM;
    }
    return means_any || machine_operand_is_choice(typed);
}

static int piece_select(const ApiMachines *machines, const char *typed, char ***ids,
                        Error *reterr) {
    int r = piece_find(machines, typed, ids);
    return r == 0 ? machine_unknown(machines, typed, ALL_ARE_LISTED, reterr) : MIN(r, 0);
}

int machines_select(ApiClient *api, const char *typed, char ***ret_ids, Error *reterr) {
    _cleanup_api_machines_ ApiMachines machines = {};
    _cleanup_(strv_freep) char **pieces = NULL, **ids = NULL;
    int r = strv_split(typed, ", ", &pieces);
    if (r >= 0)
        r = api_list_machines(api, &machines, reterr);
    if (r >= 0 && strv_length(pieces) == 0)
        r = machine_unknown(&machines, typed, ALL_ARE_LISTED, reterr);
    STRV_FOREACH (piece, pieces)
        r = r < 0 ? r : piece_select(&machines, *piece, &ids, reterr);
    if (r >= 0 && !ids)
        r = (ids = calloc(1, sizeof(char *))) ? 0 : -ENOMEM;
    if (r < 0)
        return r;
    *ret_ids = TAKE_PTR(ids);
    return 0;
}

/* --- those that are away --- */

/* Of which something is wanted, so that they are shown all the same. */
static int away_add(ApiClient *api, ApiResource resource, char ***ids, Error *reterr) {
    _cleanup_json_ json_object *array = NULL;
    int r = api_list(api, resource, &array, reterr);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
        const char *id;
        r = json_need_string(json_object_array_get_idx(array, i), "machineID", &id, reterr);
        if (r >= 0 && !strv_contains(*ids, id))
            r = strv_push(ids, id);
    }
    return MIN(r, 0);
}

static bool id_is_meant(const char *id, const char *typed) {
    const ApiMachine machine = {.id = id, .address = ""};
    return machine_is_meant(&machine, typed);
}

static int away_select(ApiClient *api, const ApiMachines *machines, const char *word, char ***ids,
                       Error *reterr) {
    _cleanup_(strv_freep) char **away = NULL;
    bool means_any = false;
    int r = away_add(api, API_MAINTENANCE, &away, reterr);
    if (r >= 0)
        r = away_add(api, API_REBOOTS, &away, reterr);
    STRV_FOREACH (id, away)
        if (r >= 0 && id_is_meant(*id, word)) {
            means_any = true;
            r = strv_push(ids, *id);
        }
    if (r < 0 || means_any)
        return MIN(r, 0);
    return machine_unknown(machines, word, MAY_BE_AWAY, reterr);
}

static int word_select(ApiClient *api, const ApiMachines *machines, const char *word, char ***ids,
                       Error *reterr) {
    int r = piece_find(machines, word, ids);
    if (r != 0)
        return MIN(r, 0);
    return machine_id_check(word, NULL) >= 0 ? strv_push(ids, word)
                                             : away_select(api, machines, word, ids, reterr);
}

int machines_select_all(ApiClient *api, const char *const *words, char ***ret_ids, Error *reterr) {
    _cleanup_api_machines_ ApiMachines machines = {};
    _cleanup_(strv_freep) char **meant = NULL, **ids = NULL;
    int r = api_list_machines(api, &machines, reterr);
    for (size_t i = 0; r >= 0 && words[i]; i++)
        r = word_select(api, &machines, words[i], &meant, reterr);
    STRV_FOREACH (id, meant)
        if (r >= 0 && !strv_contains(ids, *id))
            r = strv_push(&ids, *id);
    if (r >= 0 && !ids)
        r = error_set(reterr, -ENOENT, "no machine is meant by that");
    if (r < 0)
        return r;
    *ret_ids = TAKE_PTR(ids);
    return 0;
}
