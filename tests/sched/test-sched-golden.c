/* Runs the cases in tests/sched/cases: each tells a story of events, and what the plans in it must
 * be, in indented lines below "plan". `make update-golden` writes what they are; look at the diff.
 *
 *   machine ID [restarting] [k=v,...]   a machine comes or changes
 *   capacity ID MEMORY CORES [PERCENT]  what it has for reservations, overbooked to so many percent
 *   gone ID                             it is surely gone
 *   left ID                             the same, and it says so itself
 *   over ID NAME                        the time of a suspended order is over
 *   unit NAME STATE                     a user's request, with [X-Fleet] options in the lines below
 *   want NAME STATE                     the same with the file as it is
 *   anew NAME                           it is to be restarted with the file that it has
 *   destroy NAME
 *   order ID NAME STATE REVISION REASON     left by an engine before: comes with "restart"
 *   pending NAME SUMMARY                    the same
 *   state ID NAME STATE REVISION        an agent's word
 *   no-state ID NAME
 *   agents [ID [NAME]]                  all agents, or one, carry out their orders, or one
 *   restart                             a new engine reads the store
 *   orphan ID NAME STATE                what the machine has for another cluster, with [X-Fleet]
 *                                       options in the lines below
 *   no-orphan ID NAME
 *   hold-unit NAME                      what users want of it cannot be read; until the next word
 *   lose-file NAME                      what users want of it is known, its file is not; likewise
 *   hold-machine ID                     something about it cannot be read; likewise
 *   garble ID NAME                      the order there cannot be read, in no event of an agent's
 *   cordon ID [MESSAGE]                 it gets no units
 *   drain ID [ignore-global] [MESSAGE]  and loses those it has
 *   overdue ID                          the drain's deadline has passed
 *   uncordon ID                         all of that is taken back
 *   beside NAME yes|no                  its next file is to be started elsewhere first, until the
 *                                       next restart
 *   keep NAME [ID...]                   the global unit's file goes machine by machine, and these
 *                                       keep the one that they are ordered to have; until the next
 *                                       restart
 *   break NAME [ID], mend NAME [ID]     the unit does not come up any more, or not there; or does
 *                                       again
 *   end ID NAME                         the unit has done its work there
 *   failures [SECONDS]                  so much later the engine looks at what has failed
 *   plan [MAX]
 *   propose [MAX]                       moves that even the load out; by default all
 *   rebalance [MAX]                     a user wants that, in place of what was wanted before
 *   moves [held]                        how far it is; what may be begun is in the next plan,
 *                                       unless it is held back
 *   missing                             the machines that have orders and were not seen
 *
 * In a plan: + a new order, = a changed one, ~ a withdrawn one, - a deleted one, ? a pending,
 * z a suspended one, ! a deleted pending, & in the same transaction as the line above; @ the unit's
 * revision; restart the number of its last one. */
#include "fleetd/base/byte-size.h"
#include "fleetd/base/strv.h"
#include "fleetd/sched/proposal.h"
#include "fleetd/sched/rebalance-step.h"
#include "tests/sched/world.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

typedef struct Run {
    World *world;
    Rebalance *rebalance; /* NULL: none is wanted */
    FILE *in, *out;
    char *line; /* the current one; NULL: at the end */
    size_t size;
} Run;

static void run_next_line(Run *run) {
    ssize_t n = getline(&run->line, &run->size, run->in);
    if (n < 0) {
        free(run->line);
        run->line = NULL;
    } else if (n > 0 && run->line[n - 1] == '\n')
        run->line[n - 1] = 0;
}

static bool run_is_indented(const Run *run) {
    return run->line && run->line[0] == ' ';
}

/* The next word of a line, cut off; "" at its end. */
static char *word(char **line) {
    char *start = *line + strspn(*line, " ");
    char *end = start + strcspn(start, " ");
    *line = *end ? end + 1 : end;
    *end = 0;
    return start;
}

static LaunchState word_state(char **line) {
    LaunchState state = launch_state_from_string(word(line));
    must(state >= 0);
    return state;
}

static void do_machine(Run *run, char *args) {
    const char *id = word(&args);
    bool is_restarting = strncmp(args, "restarting", strlen("restarting")) == 0;
    if (is_restarting)
        word(&args);
    world_put_machine(run->world, id,
                      is_restarting ? MACHINE_STATUS_RESTARTING : MACHINE_STATUS_RUNNING, args);
}

static void do_capacity(Run *run, char *args) {
    const char *id = word(&args);
    uint64_t memory_bytes;
    must(byte_size_parse(word(&args), &memory_bytes, NULL) == 0);
    uint64_t cores = strtoull(word(&args), NULL, 10);
    world_set_capacity(run->world, id, memory_bytes, cores, strtoull(word(&args), NULL, 10));
}

static void do_gone(Run *run, char *args) {
    world_remove_machine(run->world, args);
}

static void do_left(Run *run, char *args) {
    world_leave_machine(run->world, args);
}

static void do_over(Run *run, char *args) {
    const char *id = word(&args);
    world_tell(run->world, SIZE_MAX);
    must(cluster_end_order(run->world->cluster, id, word(&args)) == 0);
}

/* The lines below; the next one is the current one then. */
static char *read_options(Run *run) {
    char *options = strdup("");
    for (run_next_line(run); run_is_indented(run); run_next_line(run)) {
        fprintf(run->out, "%s\n", run->line);
        char *longer = str_printf("%s%s\n", options, run->line + strspn(run->line, " "));
        free(options);
        options = longer;
    }
    return options;
}

static void do_unit(Run *run, char *args) {
    _cleanup_free_ char *name = strdup(word(&args));
    LaunchState state = word_state(&args);
    _cleanup_free_ char *options = read_options(run);
    world_put_unit(run->world, name, state, options);
}

static void do_orphan(Run *run, char *args) {
    _cleanup_free_ char *id = strdup(word(&args)), *name = strdup(word(&args));
    LaunchState state = word_state(&args);
    _cleanup_free_ char *options = read_options(run);
    world_put_orphan(run->world, id, name, state, options);
}

static void do_no_orphan(Run *run, char *args) {
    const char *id = word(&args), *name = word(&args);
    must(cluster_remove_orphan(run->world->cluster, id, name) == 0);
}

static void do_want(Run *run, char *args) {
    const char *name = word(&args);
    world_put_unit(run->world, name, word_state(&args), NULL);
}

static void do_anew(Run *run, char *args) {
    world_restart_unit(run->world, args);
}

static void do_destroy(Run *run, char *args) {
    world_remove_unit(run->world, args);
}

static void do_order(Run *run, char *args) {
    const char *id = word(&args), *name = word(&args);
    LaunchState state = word_state(&args);
    int64_t revision = atoll(word(&args));
    world_leave_order(run->world, id, name, state, revision, args);
}

static void do_pending(Run *run, char *args) {
    const char *name = word(&args);
    world_leave_pending(run->world, name, args);
}

static void do_state(Run *run, char *args) {
    const char *id = word(&args), *name = word(&args);
    LaunchState state = word_state(&args);
    world_put_state(run->world, id, name, state, atoll(word(&args)));
}

static void do_no_state(Run *run, char *args) {
    const char *id = word(&args), *name = word(&args);
    world_remove_state(run->world, id, name);
}

static void do_agents(Run *run, char *args) {
    const char *id = word(&args), *name = word(&args);
    if (*name)
        world_agent_act(run->world, id, name);
    else
        world_agents_act(run->world, *id ? id : NULL);
}

static void do_hold_unit(Run *run, char *args) {
    world_tell(run->world, SIZE_MAX);
    must(cluster_hold_unit_take(run->world->cluster, args, NULL) == 0);
}

static void do_lose_file(Run *run, char *args) {
    const WorldUnit *unit = map_get(run->world->units, args);
    world_tell(run->world, SIZE_MAX);
    must(cluster_hold_unit_take(run->world->cluster, args, NULL) == 0);
    must(cluster_explain_hold(run->world->cluster, &unit->unit, "its unit file is lost") == 0);
}

static void do_hold_machine(Run *run, char *args) {
    world_tell(run->world, SIZE_MAX);
    must(cluster_hold_machine(run->world->cluster, args) == 0);
}

static void do_garble(Run *run, char *args) {
    Order order = {
        .machine_id = (char *) word(&args),
        .name = (char *) word(&args),
        .hash = (char *) "",
        .desired = LAUNCH_STATE_LAUNCHED,
        .unit_revision = ++run->world->revision,
        .reason = (char *) "its order could not be read",
    };
    world_tell(run->world, SIZE_MAX);
    must(cluster_put_order(run->world->cluster, &order) == 0);
}

static void put_maintenance(Run *run, char *args, bool is_draining) {
    Maintenance maintenance = {.machine_id = word(&args), .is_draining = is_draining};
    maintenance.ignore_global = strncmp(args, "ignore-global", strlen("ignore-global")) == 0;
    if (maintenance.ignore_global)
        word(&args);
    maintenance.message = *args ? args : NULL;
    world_put_maintenance(run->world, &maintenance);
}

static void do_cordon(Run *run, char *args) {
    put_maintenance(run, args, false);
}

static void do_drain(Run *run, char *args) {
    put_maintenance(run, args, true);
}

static void do_overdue(Run *run, char *args) {
    world_end_drain(run->world, args);
}

static void do_uncordon(Run *run, char *args) {
    world_remove_maintenance(run->world, args);
}

static void do_beside(Run *run, char *args) {
    const char *name = word(&args);
    world_tell(run->world, SIZE_MAX);
    must(map_put(run->world->spread, name, NULL) >= 0);
    must(cluster_set_beside(run->world->cluster, name, streq(args, "yes")) == 0);
}

static void keep_on(const World *world, Rollout *rollout, const char *id) {
    _cleanup_free_ char *key = str_printf("%s/%s", id, rollout->name);
    const Order *order = map_get(world->orders, key);
    const RolloutUnit machine = {.name = (char *) id, .keeps = order ? order->hash : NULL};
    must(rollout_add_unit(rollout, &machine) == 0);
}

static void do_keep(Run *run, char *args) {
    const World *world = run->world;
    const char *name = word(&args), *id;
    const WorldUnit *unit = map_get(world->units, name);
    Rollout rollout = {.name = (char *) name,
                       .is_global = true,
                       .unit_hash = unit->unit.hash,
                       .unit_revision = unit->unit.revision};
    KeptFiles *kept;
    world_tell(run->world, SIZE_MAX);
    while (*(id = word(&args)))
        keep_on(world, &rollout, id);
    must(kept_files_new(&rollout, &kept) == 0);
    must(cluster_keep_files_take(world->cluster, name, kept) == 0);
    while (rollout.n_units > 0)
        rollout_remove_unit(&rollout, rollout.n_units - 1);
    free(rollout.units);
}

static void do_break(Run *run, char *args) {
    const char *name = word(&args), *id = word(&args);
    world_break_unit(run->world, *id ? id : NULL, name, true);
}

static void do_mend(Run *run, char *args) {
    const char *name = word(&args), *id = word(&args);
    world_break_unit(run->world, *id ? id : NULL, name, false);
}

static void do_end(Run *run, char *args) {
    const char *id = word(&args);
    world_end_unit(run->world, id, word(&args));
}

static void print_failures(const Run *run, const Failures *failures) {
    fprintf(run->out, "  %s @%" PRIi64 ":", failures->name, failures->unit_revision);
    for (size_t i = 0; i < failures->n_places; i++) {
        const FailurePlace *place = &failures->places[i];
        usec_t now = run->world->now_usec;
        fprintf(run->out, "%s %s %" PRIu64 " x", i > 0 ? "," : "", place->machine_id, place->count);
        if (place->next_usec > now)
            fprintf(run->out, " next in %" PRIu64 " s", (place->next_usec - now) / USEC_PER_SEC);
        else if (place->next_usec > 0)
            fputs(" now", run->out);
        if (place->well_since_usec > 0)
            fprintf(run->out, " well for %" PRIu64 " s",
                    (now - place->well_since_usec) / USEC_PER_SEC);
        if (place->why)
            fprintf(run->out, " (%s)", place->why);
    }
    fputs("\n", run->out);
}

static void do_failures(Run *run, char *args) {
    world_tell(run->world, SIZE_MAX);
    world_review_failures(run->world, strtoull(word(&args), NULL, 10) * USEC_PER_SEC);
    _cleanup_free_ const char **names = NULL;
    must(map_sorted_keys(run->world->failures, &names) == 0);
    for (size_t i = 0; names[i]; i++)
        print_failures(run, map_get(run->world->failures, names[i]));
    if (!names[0])
        fputs("  none\n", run->out);
}

static void do_restart(Run *run, char *args) {
    world_restart_engine(run->world, NULL, NULL);
}

static void print_order(FILE *out, const Order *order, const char *sign) {
    fprintf(out, "%s %s %s %s @%" PRIi64, sign, order->machine_id, order->name,
            launch_state_to_string(order->desired), order->unit_revision);
    if (order->restart > 0)
        fprintf(out, " restart %" PRIi64, order->restart);
    fprintf(out, ": %s\n", order->reason);
}

static void print_pending(FILE *out, const Pending *pending) {
    fprintf(out, "? %s @%" PRIi64 ": %s\n", pending->name, pending->unit_revision,
            pending->summary);
    for (size_t i = 0; i < pending->n_reasons; i++)
        fprintf(out, "      %s: %s\n", pending->reasons[i].machine_id, pending->reasons[i].reason);
}

static void print_step(FILE *out, const PlanStep *step, bool is_new) {
    fputs(step->is_joined ? "  & " : "  ", out);
    if (step->kind == PLAN_PUT_ORDER)
        print_order(out, step->order,
                    step->order->is_suspended                       ? "z"
                    : step->order->desired == LAUNCH_STATE_INACTIVE ? "~"
                    : is_new                                        ? "+"
                                                                    : "=");
    else if (step->kind == PLAN_DELETE_ORDER)
        fprintf(out, "- %s %s: %s\n", step->order->machine_id, step->order->name,
                step->order->reason);
    else if (step->kind == PLAN_PUT_PENDING)
        print_pending(out, step->pending);
    else
        fprintf(out, "! %s\n", step->pending->name);
}

static Map *standing_orders(const World *world) {
    Map *standing = map_new(NULL);
    const char *key;
    void *order;
    MAP_FOREACH (key, order, world->orders)
        must(map_put(standing, key, standing) >= 0);
    return standing;
}

static void do_plan(Run *run, char *args) {
    _cleanup_(map_freep) Map *before = standing_orders(run->world);
    world_tell(run->world, SIZE_MAX);
    _cleanup_(plan_freep) Plan *plan = world_plan(run->world, (size_t) atoll(args));
    for (size_t i = 0; i < plan->n_steps; i++) {
        const Order *order = plan->steps[i].order;
        _cleanup_free_ char *key =
            order ? str_printf("%s/%s", order->machine_id, order->name) : NULL;
        print_step(run->out, &plan->steps[i], key && !map_has(before, key));
    }
    if (plan->n_steps == 0)
        fputs("  nothing\n", run->out);
    if (cluster_has_work(run->world->cluster))
        fputs("  ...\n", run->out);
}

static void do_propose(Run *run, char *args) {
    size_t max = *args ? (size_t) atoll(args) : 100, n;
    _cleanup_free_ ProposedMove *moves = NULL;
    world_tell(run->world, SIZE_MAX);
    must(cluster_propose_moves(run->world->cluster, max, &moves, &n) == 0);
    for (size_t i = 0; i < n; i++)
        fprintf(run->out, "  %s: %s -> %s\n", moves[i].unit, moves[i].from, moves[i].to);
    if (n == 0)
        fputs("  nothing\n", run->out);
}

static void do_rebalance(Run *run, char *args) {
    const Rebalance wanted = {.max_moves = (uint64_t) atoll(args)};
    rebalance_free(run->rebalance);
    must(rebalance_copy(&wanted, &run->rebalance) == 0);
}

static void do_moves(Run *run, char *args) {
    bool is_held = streq(args, "held");
    Rebalance *next;
    world_tell(run->world, SIZE_MAX);
    must(rebalance_step(run->world->cluster, run->rebalance, is_held, &next) == 0);
    rebalance_free(run->rebalance);
    run->rebalance = next;
    bool may_begin = next->phase == REBALANCE_MOVING && !is_held;
    must(cluster_wish_moves(run->world->cluster, may_begin ? next : NULL) >= 0);
    fprintf(run->out, "  %s%s%s\n", rebalance_phase_to_string(next->phase), next->why ? ": " : "",
            str_or(next->why, ""));
    for (size_t i = 0; i < next->n_moves; i++) {
        const RebalanceMove *move = &next->moves[i];
        fprintf(run->out, "  %s %s: %s -> %s%s%s\n", move_phase_to_string(move->phase), move->unit,
                move->from, move->to, move->why ? ": " : "", str_or(move->why, ""));
    }
}

static void do_missing(Run *run, char *args) {
    world_tell(run->world, SIZE_MAX);
    _cleanup_free_ const char **ids = NULL;
    must(cluster_missing_machines(run->world->cluster, &ids) == 0);
    for (size_t i = 0; ids[i]; i++)
        fprintf(run->out, "  %s\n", ids[i]);
}

typedef struct Verb {
    const char *name;
    void (*act)(Run *run, char *args);
    bool reads_on; /* leaves the line after its own in place */
    bool prints;   /* the indented lines below are what it says */
} Verb;

static const Verb verbs[] = {
    {"machine", do_machine},
    {"capacity", do_capacity},
    {"gone", do_gone},
    {"left", do_left},
    {"over", do_over},
    {"unit", do_unit, .reads_on = true},
    {"want", do_want},
    {"anew", do_anew},
    {"destroy", do_destroy},
    {"order", do_order},
    {"pending", do_pending},
    {"state", do_state},
    {"no-state", do_no_state},
    {"agents", do_agents},
    {"restart", do_restart},
    {"orphan", do_orphan, .reads_on = true},
    {"no-orphan", do_no_orphan},
    {"hold-unit", do_hold_unit},
    {"lose-file", do_lose_file},
    {"hold-machine", do_hold_machine},
    {"garble", do_garble},
    {"cordon", do_cordon},
    {"drain", do_drain},
    {"overdue", do_overdue},
    {"uncordon", do_uncordon},
    {"beside", do_beside},
    {"keep", do_keep},
    {"break", do_break},
    {"mend", do_mend},
    {"end", do_end},
    {"failures", do_failures, .prints = true},
    {"plan", do_plan, .prints = true},
    {"propose", do_propose, .prints = true},
    {"rebalance", do_rebalance},
    {"moves", do_moves, .prints = true},
    {"missing", do_missing, .prints = true},
};

static void run_line(Run *run) {
    snprintf(world_context, sizeof(world_context), "%s", run->line);
    fprintf(run->out, "%s\n", run->line);
    if (!*run->line || *run->line == '#') {
        run_next_line(run);
        return;
    }
    char *rest = run->line;
    const char *name = word(&rest);
    const Verb *verb = verbs;
    while (verb < verbs + ELEMENTSOF(verbs) && !streq(verb->name, name))
        verb++;
    if (verb == verbs + ELEMENTSOF(verbs))
        world_fail("no such word: %s", name);
    verb->act(run, rest);
    if (!verb->reads_on)
        run_next_line(run);
    while (verb->prints && run_is_indented(run))
        run_next_line(run);
}

/* The case as it should read. */
static char *run_case(const char *path) {
    char *text = NULL;
    size_t size;
    Run run = {.world = world_new(), .in = fopen(path, "r"), .out = open_memstream(&text, &size)};
    if (!run.in || !run.out)
        world_fail("%s: %s", path, strerror(errno));
    run_next_line(&run);
    while (run.line)
        run_line(&run);
    fclose(run.in);
    fclose(run.out);
    world_free(run.world);
    rebalance_free(run.rebalance);
    return text;
}

static char *read_text(const char *path) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    if (file && getdelim(&text, &size, 0, file) < 0)
        must(feof(file));
    if (file)
        fclose(file);
    return text;
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    must(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void print_difference(const char *expected, const char *actual) {
    size_t start = 0;
    for (size_t i = 0; expected[i] && expected[i] == actual[i]; i++)
        if (expected[i] == '\n')
            start = i + 1;
    int n_expected = (int) strcspn(&expected[start], "\n");
    int n_actual = (int) strcspn(&actual[start], "\n");
    printf("# expected: %.*s\n#      got: %.*s\n", n_expected, &expected[start], n_actual,
           &actual[start]);
}

static bool check_case(const char *path, bool is_update) {
    _cleanup_free_ char *expected = read_text(path);
    _cleanup_free_ char *actual = run_case(path);
    if (expected && streq(expected, actual))
        return true;
    if (is_update)
        write_text(path, actual);
    else
        print_difference(str_or(expected, ""), actual);
    return is_update;
}

static int is_case(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && streq(dot, ".case");
}

int main(int argc, char **argv) {
    bool is_update = argc > 1 && streq(argv[1], "--update");
    _cleanup_free_ char *folder =
        str_printf("%s/tests/sched/cases", str_or(getenv("top_srcdir"), "."));
    struct dirent **entries;
    int n = scandir(folder, &entries, is_case, alphasort);
    must(n > 0);
    printf("1..%d\n", n);
    bool all_good = true;
    for (int i = 0; i < n; i++) {
        _cleanup_free_ char *path = str_printf("%s/%s", folder, entries[i]->d_name);
        bool is_good = check_case(path, is_update);
        printf("%s %d - %s\n", is_good ? "ok" : "not ok", i + 1, entries[i]->d_name);
        all_good = all_good && is_good;
        free(entries[i]);
    }
    free(entries);
    return all_good ? 0 : 1;
}
