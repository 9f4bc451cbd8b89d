#include "tests/sim/sim-units.h"

#include "fleetd/base/strv.h"

#define FIRST_MACHINE "00000000000000000000000000000001"

#define STOP_AFTER(seconds) \
    "StopAfterDisconnect=" seconds "\n[Service]\nTimeoutStopSec=5s\n[X-Fleet]\n"

/* In every version, before its options. */
#define HEALTH_CHECK \
    "Restart=on-failure\n[X-Fleet]\nHealthCheck=tcp://:%u\nHealthInterval=2\nHealthRetries=2\n" \
    "HealthStartPeriod=5\n"

static const SimUnit units[] = {
    {.name = "a.service",
     .other_options = "MachineMetadata=disk=ssd\n",
     .behaviour = {.stop_usec = USEC_PER_SEC}},
    {.name = "b.service",
     .options = "MachineMetadata=disk=ssd\n",
     .other_options = "",
     .behaviour = {.start_usec = USEC_PER_SEC, .stop_usec = 3 * USEC_PER_SEC}},
    {.name = "c.service",
     .options = "Conflicts=d*.service\n",
     .other_options = "Replaces=d.service\n",
     .behaviour = {.stop_usec = 2 * USEC_PER_SEC}},
    {.name = "d.service",
     .health_port = 1,
     .options = "ReserveMemory=400M\n",
     .other_options = "Conflicts=a.service\n"},
    {.name = "d2.service",
     .options = "MachineMetadata=disk=ssd\nConflicts=web@*\n",
     .behaviour = {.stop_usec = 4 * USEC_PER_SEC}},
    {.name = "with-a.service",
     .options = "MachineOf=a.service\n",
     .other_options = "MachineOf=job@1.service\n",
     .behaviour = {.stop_usec = 2 * USEC_PER_SEC}},
    {.name = "with-c.service", .options = "MachineOf=c.service\nMachineOf=d.service\n"},
    {.name = "not-a.service",
     .options = "Replaces=a.service\n",
     .other_options = "Conflicts=a.service\n"},
    {.name = "pinned.service",
     .health_port = 2,
     .options = "MachineID=" FIRST_MACHINE "\n",
     .other_options = "Replaces=slow-stop.service\n"},
    {.name = "everywhere.service", .health_port = 7, .options = "Global=true\n", .is_global = true},
    {.name = "agent.service",
     .options = "Global=true\nMachineMetadata=disk=ssd\nConflicts=b.service\n",
     .is_global = true},
    {.name = "web@1.service",
     .options = "Conflicts=web@*.service\n",
     .behaviour = {.start_usec = USEC_PER_SEC, .stop_usec = USEC_PER_SEC}},
    {.name = "web@2.service",
     .options = "Conflicts=web@*.service\n",
     .behaviour = {.start_usec = USEC_PER_SEC, .stop_usec = USEC_PER_SEC}},
    {.name = "web@3.service",
     .health_port = 3,
     .options = "Conflicts=web@*.service\n",
     .other_options = "ReserveMemory=700M\n"},
    {.name = "job@1.service",
     .options = "ReserveMemory=600M\nPriority=20\n",
     .other_options = "Conflicts=slow-stop.service\n",
     .behaviour = {.stop_usec = 8 * USEC_PER_SEC}},
    {.name = "job@2.service",
     .health_port = 5,
     .options = "ReserveMemory=600M\n",
     .other_options = "Replaces=job@1.service\n"},
    {.name = "pool@1.service",
     .options = "MaxUnavailable=2\n",
     .other_options = "MaxUnavailable=50%\n",
     .behaviour = {.start_usec = USEC_PER_SEC, .stop_usec = 4 * USEC_PER_SEC}},
    {.name = "pool@2.service",
     .other_options = "MaxUnavailable=50%\n",
     .behaviour = {.stop_usec = 2 * USEC_PER_SEC}},
    {.name = "pool@3.service", .behaviour = {.start_usec = 3 * USEC_PER_SEC}},
    {.name = "roll@1.service", .behaviour = {.start_usec = USEC_PER_SEC}},
    {.name = "roll@2.service", .behaviour = {.stop_usec = 2 * USEC_PER_SEC}},
    {.name = "roll@3.service", .behaviour = {.start_usec = 3 * USEC_PER_SEC}},
    {.name = "roll@10.service"},
    {.name = "front.service",
     .options = "Group=front\nConflicts=back.service\n",
     .other_options = "Group=front\nMaxUnavailable=2\n"},
    {.name = "back.service",
     .options = "Group=front\n",
     .other_options = "MaxUnavailable=0\n",
     .behaviour = {.stop_usec = USEC_PER_SEC}},
    {.name = "tick.timer", .other_options = "MachineOf=d.service\n"},
    {.name = "single.service", .health_port = 4, .options = STOP_AFTER("20"), .runs_once = true},
    {.name = "single-slow.service",
     .health_port = 6,
     .options = STOP_AFTER("5"),
     .behaviour = {.start_usec = 4 * USEC_PER_SEC, .stop_usec = 3 * USEC_PER_SEC},
     .runs_once = true},
    {.name = "single-deaf.service",
     .options = STOP_AFTER("40") "MachineMetadata=disk=ssd\n",
     .behaviour = {.stop_usec = 20 * USEC_PER_SEC},
     .runs_once = true},
    {.name = "single-apart.service",
     .options = STOP_AFTER("15") "Conflicts=single-slow.service\n",
     .runs_once = true},
    {.name = "big@1.service",
     .options = "ReserveMemory=700M\nSpread=disk\n",
     .other_options = "ReserveMemory=10%\n",
     .behaviour = {.stop_usec = 3 * USEC_PER_SEC}},
    {.name = "big@2.service",
     .options = "ReserveMemory=700M\nSpread=disk\nPriority=90\n",
     .other_options = "ReserveMemory=700M\nPriority=60\nPreempt=yes\n"},
    {.name = "big@3.service",
     .options = "ReserveMemory=75%\nPrefer=disk=ssd\n",
     .other_options = "",
     .behaviour = {.stop_usec = USEC_PER_SEC}},
    {.name = "big@4.service", .options = "ReserveMemory=500M\nReserveCPU=1.5\n"},
    {.name = "busy@1.service", .options = "ReserveCPU=1.5\n", .other_options = "ReserveCPU=0.5\n"},
    {.name = "busy@2.service", .options = "ReserveCPU=1.5\nConflicts=big@4.service\n"},
    {.name = "everywhere-big.service",
     .options = "Global=true\nReserveMemory=500M\n",
     .behaviour = {.start_usec = 5 * USEC_PER_SEC},
     .is_global = true},
    {.name = "slow.service",
     .options = "ReserveMemory=700M\n",
     .behaviour = {.start_usec = 20 * USEC_PER_SEC}},
    {.name = "slow-stop.service",
     .other_options = "Conflicts=job@2.service\n",
     .behaviour = {.stop_usec = 15 * USEC_PER_SEC}},
    {.name = "hang.service",
     .options = "ReserveMemory=400M\n",
     .behaviour = {.start_usec = USEC_INFINITY},
     .never_answers = true},
    {.name = "broken.service",
     .options = "ReserveMemory=400M\n",
     .behaviour = {.start_result = JOB_RESULT_FAILED},
     .may_rest = true},
    {.name = "masked.service", .behaviour = {.start_result = JOB_RESULT_ERROR}, .may_rest = true},
    {.name = "late-broken.service",
     .behaviour = {.start_usec = 5 * USEC_PER_SEC, .start_result = JOB_RESULT_TIMEOUT},
     .may_rest = true},
    {.name = "mortal.service",
     .options = "ReserveMemory=600M\n",
     .behaviour = {.life_usec = 30 * USEC_PER_SEC},
     .may_rest = true},
    {.name = "flaky.service",
     .options = "Reschedule=on-failure\n",
     .other_options = "Reschedule=on-failure\nMaxUnavailable=0\n",
     .behaviour = {.stop_usec = USEC_PER_SEC},
     .may_rest = true},
    {.name = "flaky-apart.service",
     .options = "Reschedule=on-failure\nConflicts=flaky.service\n",
     .other_options = "Reschedule=on-failure\nMachineOf=d.service\n",
     .may_rest = true},
    {.name = "flaky-big.service",
     .options = "Reschedule=on-failure\nReserveMemory=600M\nSpread=disk\nGroup=flaky\n",
     .other_options = "Reschedule=no\n",
     .behaviour = {.start_usec = 2 * USEC_PER_SEC},
     .may_rest = true},
    {.name = "flaky-everywhere.service",
     .options = "Reschedule=on-failure\nGlobal=true\n",
     .is_global = true,
     .may_rest = true},
    {.name = "once.service",
     .behaviour = {.start_usec = 3 * USEC_PER_SEC, .is_oneshot = true},
     .may_rest = true},
};

const SimUnit *sim_unit(size_t i) {
    return i < ELEMENTSOF(units) ? &units[i] : NULL;
}

size_t sim_units_count(void) {
    return ELEMENTSOF(units);
}

const SimUnit *sim_unit_find(const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        if (streq(units[i].name, name))
            return &units[i];
    return NULL;
}

char *sim_unit_text(const SimUnit *unit, unsigned version) {
    bool is_other = version % 2 == 1 && unit->other_options;
    const char *options = str_or(is_other ? unit->other_options : unit->options, "");
    _cleanup_free_ char *check =
        unit->health_port > 0 ? str_printf(HEALTH_CHECK, unit->health_port) : strdup("");
    return str_printf("[Unit]\nDescription=version %u\n[Service]\nExecStart=/bin/%s\n%s%s%s",
                      version, unit->name, check, *options ? "[X-Fleet]\n" : "", options);
}
