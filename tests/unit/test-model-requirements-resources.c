#include "tests/unit/requirements-test.h"

#define S "[Service]\n"

static void limits_of_systemd_are_reserved(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", S "MemoryMax=1K\n", "memory: 1024\n"},
        {"a.service", S "MemoryHigh=1K\n", "memory: 1024\n"},
        {"a.service", S "MemoryHigh=1K\nMemoryMax=2K\n", "memory: 2048\n"},
        {"a.service", S "MemoryHigh=1K\nMemoryMax=infinity\n", "memory: 1024\n"},
        {"a.service", S "MemoryMax=1K\nMemoryMax=3K\n", "memory: 3072\n"},
        {"a.service", S "MemoryMax=1K\nMemoryMax=\n", ""},
        {"a.service", S "MemoryMax=12.5%\n", "memory: 1250/10000\n"},
        {"a.service", S "MemoryMax=1K\nMemoryMax=50%\n", "memory: 5000/10000\n"},
        {"a.service", S "CPUQuota=20%\n", "cpu: 200/1000\n"},
        {"a.service", S "CPUQuota=150%\nMemoryMax=1K\n", "memory: 1024\ncpu: 1500/1000\n"},
        {"a.service", S "CPUQuota=150%\nCPUQuota=\n", ""},
        {"a.socket", "[Socket]\nMemoryMax=1K\n", "memory: 1024\n"},
        {"a.slice", "[Slice]\nMemoryMax=1K\n", "memory: 1024\n"},
        {"a.socket", S "MemoryMax=1K\n", ""},
        {"a.timer", S "MemoryMax=1K\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

/* It says so in the journal, and takes what stood there before. */
static void limit_that_systemd_leaves_out_counts_for_nothing(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", S "MemoryMax=1K\nMemoryMax=much\n", "memory: 1024\n"},
        {"a.service", S "MemoryMax=0\n", ""},
        {"a.service", S "MemoryMax=101%\n", ""},
        {"a.service", S "MemoryMax=9E\n", ""},
        {"a.service", S "CPUQuota=1.5\n", ""},
        {"a.service", S "CPUQuota=0%\n", ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void reservation_wins_over_limits(void **state) {
    static const RequirementsCase cases[] = {
        {"a.service", S "MemoryMax=1K\n" X "ReserveMemory=2K\n", "memory: 2048\n"},
        {"a.service", S "MemoryMax=1K\n" X "ReserveMemory=0\n", ""},
        {"a.service", X "ReserveMemory=2K\nReserveMemory=10%\n" S "MemoryMax=1K\n",
         "memory: 1000/10000\n"},
        {"a.service", S "CPUQuota=150%\n" X "ReserveCPU=0.25\n", "cpu: 250/1000\n"},
        {"a.service", X "ReserveCPU=25%\n", "cpu: 250/1000\n"},
        {"a.service", S "CPUQuota=150%\nMemoryMax=1K\n" X "ReserveCPU=0\n", "memory: 1024\n"},
        {"a.timer", X "ReserveMemory=1K\n", "memory: 1024\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void reservation_that_is_none_is_refused(void **state) {
    static const char *const cases[][2] = {
        {X "ReserveMemory=much\n",
         "line 2: [X-Fleet] ReserveMemory: 'much' is not a size (like 512M or 1.5G)"},
        {X "ReserveMemory=infinity\n",
         "line 2: [X-Fleet] ReserveMemory: 'infinity' is not a size (like 512M or 1.5G)"},
        {X "ReserveMemory=101%\n",
         "line 2: [X-Fleet] ReserveMemory: '101%' is more than all memory"},
        {X "ReserveMemory=2P\n", "line 2: [X-Fleet] ReserveMemory: '2P' is more than 1P"},
        {X "ReserveCPU=two\n",
         "line 2: [X-Fleet] ReserveCPU: 'two' is not a number of cores (like 1.5 or 150%)"},
        {X "ReserveCPU=10000000\n",
         "line 2: [X-Fleet] ReserveCPU: '10000000' is not a number of cores (like 1.5 or 150%)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused("a.service", cases[i][0], cases[i][1]);
}

static void machines_are_told_apart_by_metadata(void **state) {
    static const RequirementsCase cases[] = {
        {"a@1.service", X "Spread=zone rack\nSpread=zone disk\n",
         "spread: zone\nspread: rack\nspread: disk\n"},
        {"a@1.service", X "Spread=%i\n", "spread: 1\n"},
        {"a.service", X "Spread=zone\nGroup=web\n", "spread: zone\n"},
        {"a.service", X "Prefer=zone=a\n", "zone=a +50\n"},
        {"a.service", X "Prefer=zone=a 80\nAvoid=zone=b 20\n", "zone=a +80\nzone=b -20\n"},
        {"a.service", X "Prefer=zone=a zone=b 20 'c=d e'\n", "zone=a +50\nzone=b +20\nc=d e +50\n"},
        {"a.service", X "Avoid=zone=a\nAvoid=zone=b 100\n", "zone=a -50\nzone=b -100\n"},
        {"a@x.service", X "Prefer=zone=%i\n", "zone=x +50\n"},
        {"a@.service", X "Prefer=zone=%i %i\nSpread=%i\n", "spread: %i\nzone=%i +1\n"},
        {"a.service", X "Priority=0\nPriority=80\n", "priority: 80\n"},
        {"a.service", X "Preempt=yes\n", "preempts\n"},
        {"a.service", X "Preempt=1\nPreempt=no\n", ""},
        {"a.service", X "Preempt=no\nGlobal=true\n", "global\n"},
        {"a.service", X "Global=true\nPriority=0\n", "global\npriority: 0\n"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_requirements(&cases[i]);
}

static void ranking_that_makes_no_sense_is_refused(void **state) {
    static const char *const cases[][3] = {
        {"a@1.service", X "Spread=\n", "line 2: [X-Fleet] Spread has no value"},
        {"a@1.service", X "Spread=a=b\n",
         "line 2: [X-Fleet] Spread: metadata key 'a=b' has one of = , \" '"},
        {"a.service", X "Spread=zone\n",
         "line 2: [X-Fleet] Spread needs Group, as 'a.service' is not made of a template"},
        {"a@1.service", X "Spread=zone\nGlobal=true\n",
         "line 3: [X-Fleet] Global contradicts Spread in line 2"},
        {"a@1.service", X "MachineOf=b.service\nSpread=zone\n",
         "line 3: [X-Fleet] Spread contradicts MachineOf in line 2"},
        {"a.service", X "Prefer=zone\n",
         "line 2: [X-Fleet] Prefer: 'zone' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=50 zone=a\n",
         "line 2: [X-Fleet] Prefer: '50' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=zone=a\nPrefer=50\n",
         "line 3: [X-Fleet] Prefer: '50' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=zone=a 50 60\n",
         "line 2: [X-Fleet] Prefer: '60' is not of the form key=value (quote it as a whole if it "
         "has spaces)"},
        {"a.service", X "Prefer=zone=a 0\n",
         "line 2: [X-Fleet] Prefer: '0' is no weight from 1 to 100"},
        {"a.service", X "Avoid=zone=a 101\n",
         "line 2: [X-Fleet] Avoid: '101' is no weight from 1 to 100"},
        {"a.service", X "Avoid=zone=a much\n",
         "line 2: [X-Fleet] Avoid: 'much' is no weight from 1 to 100"},
        {"a.service", X "Avoid=zone=a\nMachineID=" ID "\n",
         "line 3: [X-Fleet] MachineID contradicts Avoid in line 2"},
        {"a.service", X "Priority=101\n",
         "line 2: [X-Fleet] Priority: '101' is not a whole number from 0 to 100"},
        {"a.service", X "Preempt=maybe\n",
         "line 2: [X-Fleet] Preempt: 'maybe' is neither true nor false"},
        {"a.service", X "MachineOf=b.service\nPreempt=yes\n",
         "line 3: [X-Fleet] Preempt contradicts MachineOf in line 2"},
        {"a.service", X "Preempt=yes\nGlobal=true\n",
         "line 3: [X-Fleet] Global contradicts Preempt in line 2"},
        {"a.service", X "Priority=high\n",
         "line 2: [X-Fleet] Priority: 'high' is not a whole number from 0 to 100"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_refused(cases[i][0], cases[i][1], cases[i][2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_of_systemd_are_reserved),
        cmocka_unit_test(limit_that_systemd_leaves_out_counts_for_nothing),
        cmocka_unit_test(reservation_wins_over_limits),
        cmocka_unit_test(reservation_that_is_none_is_refused),
        cmocka_unit_test(machines_are_told_apart_by_metadata),
        cmocka_unit_test(ranking_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
