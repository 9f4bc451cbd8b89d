/* How machines are named to people: "113f16a7.../10.0.0.1". Asks the API for addresses once, when
 * the first name is wanted that was not told before. */
#pragma once

#include "fleetctl/api/api-client.h"

typedef struct MachineNames MachineNames;

/* api is borrowed. */
int machine_names_new(ApiClient *api, MachineNames **ret);
void machine_names_free(MachineNames *names);
DEFINE_POINTER_CLEANUP(MachineNames, machine_names_free)

/* What the API has told anyway need not be asked for. -ENOMEM, after which it is. */
int machine_names_learn(MachineNames *names, const char *machine_id, const char *address);

/* "ID.../IP", with the whole id if full; without the address when it cannot be learnt, "-" for "".
 * Not from inside a callback of the loop. NULL when out of memory; the caller frees. */
char *machine_names_label(MachineNames *names, const char *machine_id, bool full);

/* A machine's address, "" when it has none, NULL when it cannot be learnt. Borrowed; not from
 * inside a callback of the loop. */
const char *machine_names_address(MachineNames *names, const char *machine_id);

/* The API knows of no such machine that is there. Not from inside a callback of the loop. */
bool machine_names_is_away(MachineNames *names, const char *machine_id);

/* "ID..." or the whole id. NULL when out of memory; the caller frees. */
char *machine_id_shorten(const char *machine_id, bool full);

/* A text of fleetd's, like a reason, with the ids of machines in it as above. "" for NULL. NULL
 * when out of memory; the caller frees. */
char *machine_ids_shorten(const char *text, bool full);
