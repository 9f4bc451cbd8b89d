/* A cluster as large as asked for, on one real etcd, and what happens to it: how long each takes,
 * and what it costs. A row for each phase.
 *
 * usage: bench-scale MACHINES UNITS [AGENT_TTL_SECONDS [PROCESSES [REST_SECONDS]]]
 *
 * FLEETCTL in the environment is the program that lists the units. */
#include "fleetd/base/strv.h"
#include "tests/bench/scale.h"
#include "tests/fakes/event-run.h"

#include <stdio.h>

#define TTL_SECONDS 30 /* the default of agent_ttl */
#define PROCESSES 16
#define ONE_MORE_TIMES 50
#define ONE_MORE_PAUSE_USEC (50 * USEC_PER_MSEC) /* an agent that tells much would gather it */
#define REST_SECONDS 10

#define FIRST_VERSION 0
#define SECOND_VERSION 1

static double milliseconds(usec_t usec) {
    return (double) usec / (double) USEC_PER_MSEC;
}

static double seconds(usec_t usec) {
    return (double) usec / (double) USEC_PER_SEC;
}

/* From when the users asked for n units, each step after the other, until they ran. */
static void add_latencies(json_object *row, const Scale *scale, size_t first, size_t n,
                          size_t step) {
    static const struct {
        const char *name;
        double fraction;
    } quantiles[] = {{"p25_ms", 0.25}, {"p50_ms", 0.5}, {"p99_ms", 0.99}, {"max_ms", 1}};
    _cleanup_free_ usec_t *values = calloc(n, sizeof(usec_t));
    bench_must(values, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const ScaleUnit *unit = &scale->watch.units[first + i * step];
        values[i] = unit->running_usec - unit->asked_usec;
    }
    for (size_t i = 0; i < ELEMENTSOF(quantiles); i++)
        bench_add_double(row, quantiles[i].name,
                         milliseconds(bench_quantile(values, n, quantiles[i].fraction)));
}

/* --- what happens --- */

static void run_boot(Scale *scale, json_object *row) {
    scale_boot(scale);
}

static void run_cold_start(Scale *scale, json_object *row) {
    size_t n = scale->options.n_units;
    usec_t begun = loop_now(scale->loop);
    scale_ask(scale, &(ScaleWish){0, n, 1, FIRST_VERSION, scale->texts[FIRST_VERSION]});
    bench_ok(json_add_int(row, "units", (int64_t) n));
    bench_add_double(row, "units_per_s", (double) n / seconds(loop_now(scale->loop) - begun));
    bench_ok(json_add_int(row, "retries", (int64_t) scale_users_count_retries(scale->users)));
    add_latencies(row, scale, 0, n, 1);
}

/* One unit that nobody has asked for yet. */
static size_t ask_one(Scale *scale) {
    size_t unit = scale->watch.n_wanted;
    scale_ask(scale, &(ScaleWish){unit, 1, 1, FIRST_VERSION, scale->texts[FIRST_VERSION]});
    return unit;
}

static void run_one_more(Scale *scale, json_object *row) {
    size_t first = scale->watch.n_wanted;
    for (size_t i = 0; i < ONE_MORE_TIMES; i++) {
        ask_one(scale);
        event_run_for(scale->loop, ONE_MORE_PAUSE_USEC);
    }
    add_latencies(row, scale, first, ONE_MORE_TIMES, 1);
}

static size_t count_lines(FILE *file) {
    size_t n = 0;
    for (int c; (c = getc(file)) != EOF;)
        n += c == '\n';
    return n;
}

/* What it complains of goes to where the benchmark complains, marked as passed on. */
static double list_units(const Scale *scale, const char *fleetctl) {
    char socket[SCALE_SOCKET_MAX];
    scale_users_socket(scale, socket, sizeof(socket));
    _cleanup_free_ char *command = str_printf("{ '%s' --endpoint unix://%s list-units --no-legend "
                                              "2>&1 >&3 | sed 's/^/# /' >&2; } 3>&1",
                                              fleetctl, socket);
    bench_must(command, "out of memory");
    usec_t begun = bench_now();
    FILE *file = popen(command, "re");
    bench_must(file, "'%s' cannot be run", fleetctl);
    size_t n = count_lines(file);
    bench_must(pclose(file) == 0 && n == scale->watch.n_wanted, "%zu of %zu units are listed", n,
               scale->watch.n_wanted);
    return milliseconds(bench_now() - begun);
}

/* The first time fleetd has to load the cluster. */
static void run_list(Scale *scale, json_object *row) {
    const char *fleetctl = getenv("FLEETCTL");
    bench_must(fleetctl, "FLEETCTL is not set");
    bench_ok(json_add_int(row, "units", (int64_t) scale->watch.n_wanted));
    bench_add_double(row, "first_ms", list_units(scale, fleetctl));
    bench_add_double(row, "again_ms", list_units(scale, fleetctl));
}

/* The first agent that has most to do. */
static size_t choose_machine_to_lose(const Scale *scale) {
    const ScaleMachine *machines = scale->watch.machines;
    size_t chosen = SCALE_ENGINES;
    for (size_t i = chosen + 1; i < scale->options.n_machines; i++)
        if (machines[i].n_units > machines[chosen].n_units)
            chosen = i;
    bench_must(machines[chosen].n_units > 0, "no machine but those with engines has a unit");
    return chosen;
}

static bool is_lost_and_replaced(void *userdata) {
    Scale *scale = userdata;
    const ScaleMachine *machine = &scale->watch.machines[scale->lost];
    return !machine->is_here && machine->n_units == 0 && scale_is_settled(scale);
}

static void run_machine_lost(Scale *scale, json_object *row) {
    scale->lost = choose_machine_to_lose(scale);
    const ScaleMachine *machine = &scale->watch.machines[scale->lost];
    usec_t begun = loop_now(scale->loop);
    bench_ok(json_add_int(row, "units", (int64_t) machine->n_units));
    scale_switch(scale, scale->lost, false);
    scale_wait(scale, is_lost_and_replaced, scale, 4 * scale->options.ttl_usec + USEC_PER_MINUTE,
               "units of a machine that was lost");
    bench_add_double(row, "lease_ms", milliseconds(machine->changed_usec - begun));
    bench_add_double(row, "after_ms", milliseconds(loop_now(scale->loop) - machine->changed_usec));
}

static bool is_joined(void *userdata) {
    const Scale *scale = userdata;
    return scale->watch.machines[scale->options.n_machines].is_here;
}

/* Nothing moves for it. The next unit goes to a machine that has none, as this one. */
static void run_machine_joined(Scale *scale, json_object *row) {
    size_t joined = scale->options.n_machines;
    const ScaleMachine *machines = scale->watch.machines;
    usec_t begun = loop_now(scale->loop);
    scale_switch(scale, joined, true);
    scale_wait(scale, is_joined, scale, USEC_PER_MINUTE, "a machine that joins");
    bench_add_double(row, "joined_ms", milliseconds(machines[joined].changed_usec - begun));
    bench_must(machines[joined].n_units == 0, "units are moved to a machine that joins");
    size_t unit = ask_one(scale);
    bench_must(machines[scale->watch.units[unit].machine].n_units == 1,
               "the machine that joined has nothing to do and another gets the next unit");
    add_latencies(row, scale, unit, 1, 1);
}

static void run_replaced(Scale *scale, json_object *row) {
    size_t step = 100, n = (scale->options.n_units + step - 1) / step;
    usec_t begun = loop_now(scale->loop);
    scale_ask(scale, &(ScaleWish){0, n, step, SECOND_VERSION, scale->texts[SECOND_VERSION]});
    bench_ok(json_add_int(row, "units", (int64_t) n));
    bench_add_double(row, "units_per_s", (double) n / seconds(loop_now(scale->loop) - begun));
    add_latencies(row, scale, 0, n, step);
}

static void run_rest(Scale *scale, json_object *row) {
    event_run_for(scale->loop, scale->options.rest_usec);
}

/* A unit is asked for at once: it runs when the next leader decides. */
static void run_leader_killed(Scale *scale, json_object *row) {
    scale_seat_users(scale); /* leadership may have moved to where they were */
    ScaleHost *host = scale_leading_host(scale);
    size_t former = scale->watch.leader;
    usec_t begun = loop_now(scale->loop);
    scale_host_kill(host);
    size_t unit = ask_one(scale);
    usec_t decided = scale->watch.units[unit].running_usec;
    bench_must(scale->watch.leader != former && scale->watch.leader_lost_usec >= begun,
               "a leader that is dead has decided");
    bench_add_double(row, "lease_ms", milliseconds(scale->watch.leader_lost_usec - begun));
    bench_add_double(row, "after_ms", milliseconds(decided - scale->watch.leader_lost_usec));
}

/* --- what it costs --- */

typedef struct Costs {
    usec_t at_usec;
    EtcdUsage etcd;
    ProcessUsage engine;
    pid_t engine_pid; /* 0: nobody leads */
    /* Of all agents; of whose API the users ask; of this process, which asks and watches. */
    double agents_cpu_s, api_cpu_s, users_cpu_s;
} Costs;

static double agents_cpu(const Scale *scale) {
    double sum = 0;
    for (size_t i = SCALE_ENGINES; i < scale->n_hosts; i++)
        sum += process_usage(scale->hosts[i].pid).cpu_s;
    return sum;
}

/* Of who answers the users' requests, which is the engine itself once the other one is dead. */
static double api_cpu(Scale *scale) {
    return scale->users ? process_usage(scale->hosts[scale->users_engine].pid).cpu_s : 0;
}

static Costs costs_now(Scale *scale) {
    Costs costs = {
        .at_usec = loop_now(scale->loop),
        .etcd = etcd_usage(scale->etcd),
        .agents_cpu_s = agents_cpu(scale),
        .api_cpu_s = api_cpu(scale),
        .users_cpu_s = (double) bench_cpu() / (double) USEC_PER_SEC,
    };
    if (scale->watch.leader != SCALE_NOWHERE) {
        costs.engine_pid = scale_leading_host(scale)->pid;
        costs.engine = process_usage(costs.engine_pid);
    }
    return costs;
}

static WatchCount take_agents_count(const Scale *scale) {
    WatchCount sum = {};
    for (size_t i = SCALE_ENGINES; i < scale->n_hosts; i++) {
        WatchCount count = scale_host_take_count(&scale->hosts[i]);
        sum.n_events += count.n_events;
        sum.n_bytes += count.n_bytes;
    }
    return sum;
}

/* Of a process that leads since this phase it is all that it ever used. */
static void add_engine(json_object *row, const Costs *before, const Costs *after) {
    bool is_same = before->engine_pid == after->engine_pid;
    bench_add_double(row, "engine_cpu_s",
                     after->engine.cpu_s - (is_same ? before->engine.cpu_s : 0));
    bench_ok(json_add_int(row, "engine_rss_kib", after->engine.rss_kib));
    bench_ok(json_add_int(row, "engine_peak_kib", after->engine.peak_kib));
}

static void add_etcd(json_object *row, const EtcdUsage *used) {
    bench_add_double(row, "etcd_requests", used->n_requests);
    bench_add_double(row, "etcd_ranges", used->n_ranges);
    bench_add_double(row, "etcd_txns", used->n_txns);
    bench_add_double(row, "etcd_renewals", used->n_renewals);
    bench_add_double(row, "etcd_watches_ended", used->n_watches_ended);
    bench_add_double(row, "etcd_puts", used->n_puts);
    bench_add_double(row, "etcd_deletes", used->n_deletes);
    bench_add_double(row, "etcd_events", used->n_events);
    bench_add_double(row, "etcd_sent_bytes", used->n_bytes_sent);
    bench_add_double(row, "etcd_cpu_s", used->cpu_s);
    bench_add_double(row, "etcd_rss_kib", used->rss_kib);
    bench_add_double(row, "etcd_fsync_ms", used->fsync_s * 1000 / MAX(used->n_fsyncs, 1));
}

static void add_costs(json_object *row, Scale *scale, const Costs *before) {
    const Costs after = costs_now(scale);
    const EtcdUsage etcd = etcd_usage_since(&before->etcd, &after.etcd);
    const WatchCount watched = take_agents_count(scale);
    bench_must(etcd.n_requests > 0, "etcd's metrics have other names");
    double n_agents = (double) (scale->options.n_machines - SCALE_ENGINES);
    bench_add_double(row, "seconds", seconds(after.at_usec - before->at_usec));
    add_etcd(row, &etcd);
    add_engine(row, before, &after);
    bench_add_double(row, "agents_cpu_s", after.agents_cpu_s - before->agents_cpu_s);
    bench_add_double(row, "api_cpu_s", after.api_cpu_s - before->api_cpu_s);
    bench_add_double(row, "users_cpu_s", after.users_cpu_s - before->users_cpu_s);
    bench_add_double(row, "watched_bytes_per_agent", (double) watched.n_bytes / n_agents);
    bench_add_double(row, "watched_events_per_agent", (double) watched.n_events / n_agents);
}

static const struct {
    const char *name;
    void (*run)(Scale *scale, json_object *row);
} phases[] = {
    {"boot", run_boot},
    {"cold-start", run_cold_start},
    {"one-more", run_one_more},
    {"list-units", run_list},
    {"machine-lost", run_machine_lost},
    {"machine-joined", run_machine_joined},
    {"replaced", run_replaced},
    {"rest", run_rest},
    {"leader-killed", run_leader_killed},
};

static ScaleOptions options_read(int argc, char **argv) {
    bench_must(argc >= 3 && argc <= 6, "usage: bench-scale MACHINES UNITS [AGENT_TTL_SECONDS "
                                       "[PROCESSES [REST_SECONDS]]]");
    return (ScaleOptions){
        .n_machines = bench_number(argv[1], SCALE_ENGINES + 1, 100000),
        .n_units = bench_number(argv[2], 1, 10000000),
        .ttl_usec = (argc > 3 ? bench_number(argv[3], 2, 3600) : TTL_SECONDS) * USEC_PER_SEC,
        .n_hosts = argc > 4 ? bench_number(argv[4], 1, SCALE_HOSTS_MAX) : PROCESSES,
        .rest_usec = (argc > 5 ? bench_number(argv[5], 1, 3600) : REST_SECONDS) * USEC_PER_SEC,
    };
}

static json_object *run_phase(Scale *scale, size_t i) {
    json_object *row = bench_row();
    const Costs before = costs_now(scale);
    bench_ok(json_add_string(row, "phase", phases[i].name));
    bench_ok(json_add_int(row, "machines", (int64_t) scale->options.n_machines));
    bench_ok(json_add_int(row, "sharing", (int64_t) scale->n_sharing));
    phases[i].run(scale, row);
    add_costs(row, scale, &before);
    return row;
}

int main(int argc, char **argv) {
    const ScaleOptions options = options_read(argc, argv);
    Scale scale;
    scale_init(&scale, &options);
    for (size_t i = 0; i < ELEMENTSOF(phases); i++)
        bench_tell_take(run_phase(&scale, i));
    scale_done(&scale);
    return 0;
}
