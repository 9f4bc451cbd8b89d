/* A BusUnitManager against a FakeBus, in a directory of its own. What the manager calls back is
 * written down as text. */
#pragma once

#include "fleetd/base/strv.h"
#include "fleetd/base/time-units.h"
#include "fleetd/systemd/bus-unit-manager.h"
#include "tests/fakes/fake-bus.h"
#include "tests/unit/cmocka-test.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define NO_REPLY "org.freedesktop.DBus.Error.NoReply"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"

typedef struct Fixture {
    char *directory;
    sd_event *event;
    FakeBus *bus;
    UnitManager *um;
    Metrics *metrics;
    char **heard;
    int journal_fd; /* 0: there is no journald */
} Fixture;

#define bus_test(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A new handle, as of a restarted fleetd. */
void fixture_connect(Fixture *f);
void fixture_turn(Fixture *f); /* until nothing more happens */

void fixture_write(Fixture *f, const char *name, const char *text);
void fixture_start(Fixture *f, const char *name);
/* A unit whose file is there and known to systemd; nothing of that is left to be heard. */
void fixture_have_unit(Fixture *f, const char *name);
/* From now on there is a journald that never answers. */
void fixture_hold_journal(Fixture *f);
/* Below the run directory. */
bool fixture_has_file(Fixture *f, const char *name);

/* What was called back since, joined by "; ", or which calls systemd got; then it is forgotten. */
void assert_heard(Fixture *f, const char *expected);
void assert_calls(Fixture *f, const char *expected);
void fixture_forget_heard(Fixture *f);

/* Callbacks for requests; userdata is the fixture. */
void on_list(int r, const UnitStatus *const *statuses, size_t n, void *userdata);
void on_done(int r, const char *message, void *userdata);
void on_job(JobResult result, const char *message, char *const *log, void *userdata);
void on_stopping(bool is_stopping, void *userdata);
