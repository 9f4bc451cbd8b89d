/* A message bus with a systemd at its other end, on a socket, as far as fleet's backend talks to
 * them: it answers as told, late, or wrongly, and speaks when told. It holds no state of units;
 * what units do is up to the test (and to tests/lab/probe-systemd.c for the real one). */
#pragma once

#include "fleetd/base/macros.h"

#include <systemd/sd-event.h>

typedef struct FakeBus FakeBus;

/* Listens on unix:path=<socket_path>; one client at a time. */
int fake_bus_new(sd_event *event, const char *socket_path, FakeBus **ret);
void fake_bus_free(FakeBus *bus);
DEFINE_POINTER_CLEANUP(FakeBus, fake_bus_free)

/* "StartUnit a.service", "LinkUnitFiles /x/a.service /x/b.service": the calls to systemd so far
 * with their string arguments, in order. Borrowed until the next turn of the loop; NULL while there
 * is none. */
char *const *fake_bus_calls(const FakeBus *bus);
size_t fake_bus_count(const FakeBus *bus, const char *member);
void fake_bus_forget_calls(FakeBus *bus);

/* The next call of that method is answered with an error. */
void fake_bus_fail_next(FakeBus *bus, const char *member, const char *error_name);
/* Calls of that method are not answered until it is released (member NULL: none is held). */
void fake_bus_hold(FakeBus *bus, const char *member);
void fake_bus_release(FakeBus *bus);

/* What lists of units say; name NULL: of all that have no row of their own. */
int fake_bus_set_state(FakeBus *bus, const char *name, const char *load, const char *active,
                       const char *sub);
/* Units that are loaded already (ListUnitsByPatterns); they need a state of their own. */
int fake_bus_set_loaded(FakeBus *bus, const char *name);
/* What DisableUnitFiles and EnableUnitFiles say that they changed: so many links, and so many more
 * than that. */
void fake_bus_set_extra_links(FakeBus *bus, size_t n);

/* Signals. Jobs have the numbers 1, 2, ... in the order of the calls that made them, unless
 * is_same_job. */
/* Each job ends with that word right after the call that made it; NULL: when told. */
void fake_bus_set_job_result(FakeBus *bus, const char *result);
void fake_bus_set_same_job(FakeBus *bus, bool is_same_job);
void fake_bus_emit_job_removed(FakeBus *bus, unsigned job, const char *unit, const char *result);
void fake_bus_emit_job_new(FakeBus *bus, unsigned job, const char *unit);
/* Properties of an interface of a unit's object: pairs of name and text, or yes or no, then NULL.
 */
void fake_bus_emit_properties(FakeBus *bus, const char *unit, const char *interface,
                              const char *const *pairs);
/* systemd leaves the bus and comes back. */
void fake_bus_emit_owner_changes(FakeBus *bus);

void fake_bus_disconnect(FakeBus *bus); /* the client may connect again */
bool fake_bus_has_client(const FakeBus *bus);
