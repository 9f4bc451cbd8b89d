/* Machines that hold orders and have no presence: when may they be declared gone? Not before each
 * of them had a whole lease time to come back since the store answered steadily
 * (docs/architecture.md, promise 1): an outage of the store takes presences away without any
 * machine being to blame. */
#pragma once

#include "fleetd/net/loop.h"

typedef struct Absence Absence;

/* steady_since answers leadership_steady_since(). on_gone: that machine is surely gone, and is
 * forgotten here. */
int absence_new(Loop *loop, usec_t ttl_usec, usec_t (*steady_since)(void *userdata),
                void (*on_gone)(const char *machine_id, void *userdata), void *userdata,
                Absence **ret);
void absence_free(Absence *absence);
DEFINE_POINTER_CLEANUP(Absence, absence_free)

/* Not there now; on_gone comes from the loop, after patience_usec at the earliest. */
int absence_add(Absence *absence, const char *machine_id, usec_t patience_usec);
void absence_remove(Absence *absence, const char *machine_id); /* there again */
bool absence_has(const Absence *absence, const char *machine_id);
