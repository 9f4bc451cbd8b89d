#include "tests/torture/torture.h"

#include "fleetd/base/strv.h"
#include "tests/torture/failing-allocator.h"

#include <errno.h>
#include <stdio.h>

#define LEAK "blocks were left behind"
#define PROBLEMS_MAX 5 /* shown of one case */

struct Torture {
    FailingScope scope;
    size_t nth, n_failures;
    size_t n_allocations; /* seen while armed */
    bool has_failed;      /* an allocation did */
    char *notes;          /* lines */
    const char *problem;  /* the first; NULL: none */
};

/* --- for cases --- */

void torture_arm(Torture *torture) {
    failing_begin(torture->scope, torture->nth, torture->n_failures);
}

void torture_disarm(Torture *torture) {
    torture->n_allocations += failing_end();
    torture->has_failed = torture->has_failed || failing_count_failed() > 0;
    torture->nth = 0; /* a case that is armed twice goes on with memory enough */
}

void torture_expect(Torture *torture, bool holds, const char *sentence) {
    if (!holds && !torture->problem)
        torture->problem = sentence;
}

bool torture_has(Torture *torture, int r, const void *output) {
    if (r < 0)
        torture_expect(torture, output == UNTOUCHED, "the output was touched");
    return r >= 0;
}

void torture_fill(void *output, size_t size) {
    memset(output, 0x5a, size);
}

bool torture_has_struct(Torture *torture, int r, const void *output, size_t size) {
    const unsigned char *bytes = output;
    for (size_t i = 0; r < 0 && i < size; i++)
        torture_expect(torture, bytes[i] == 0x5a, "the output was touched");
    return r >= 0;
}

static void *need(void *pointer) {
    if (!pointer)
        abort();
    return pointer;
}

void torture_note_take(Torture *torture, char *text) {
    char *longer = need(str_printf("%s%s\n", str_or(torture->notes, ""), str_or(text, "(none)")));
    free(torture->notes);
    torture->notes = longer;
    free(text);
}

int torture_text_take(Torture *torture, char *text) {
    if (!text)
        return -ENOMEM;
    torture_note_take(torture, text);
    return 0;
}

/* --- the runs of a case --- */

typedef struct Outcome {
    int r;
    size_t n_allocations;
    char *notes;
} Outcome;

typedef struct Tally {
    const TortureCase *c;
    Outcome wanted;
    size_t n_runs, n_failed, n_problems;
} Tally;

static void complain(Tally *tally, const Torture *torture, size_t nth, int r, const char *problem) {
    if (++tally->n_problems > PROBLEMS_MAX)
        return;
    printf("# %s: %s%zu of %zu allocations%s: %s (%d)\n", tally->c->name,
           torture->n_failures == 1 ? "" : "from ", nth, tally->wanted.n_allocations,
           torture->scope == FAILING_PRODUCTION ? "" : ", in libraries too", problem, r);
    fflush(stdout);
    failing_print_site();
}

static const char *judge(const Tally *tally, const Torture *torture, int r) {
    if (torture->problem)
        return torture->problem;
    if (torture->has_failed && r == -ENOMEM)
        return NULL;
    if (r != tally->wanted.r)
        return "another result";
    return tally->c->may_lose || streq_ptr(torture->notes, tally->wanted.notes) ? NULL
                                                                                : "another output";
}

static int run_once(const Tally *tally, Torture *torture, const char **ret_problem) {
    size_t n_blocks = failing_count_blocks();
    int r = tally->c->run(torture);
    *ret_problem = judge(tally, torture, r);
    free(TAKE_PTR(torture->notes));
    if (!*ret_problem && failing_count_blocks() != n_blocks)
        *ret_problem = LEAK;
    return r;
}

/* One run, with the nth allocation failing. Whether it was reached. What a library asks for in the
 * course of a failure it may keep for good; what is lost is lost each time. */
static bool run_with(Tally *tally, FailingScope scope, size_t nth, size_t n_failures) {
    const Torture fresh = {.scope = scope, .nth = nth, .n_failures = n_failures};
    Torture torture = fresh;
    const char *problem;
    int r = run_once(tally, &torture, &problem);
    if (problem && streq(problem, LEAK)) {
        torture = fresh;
        r = run_once(tally, &torture, &problem);
    }
    if (problem)
        complain(tally, &torture, nth, r, problem);
    tally->n_runs++;
    tally->n_failed += torture.has_failed;
    return torture.has_failed;
}

static void run_again(Tally *tally, FailingScope scope, size_t n_failures) {
    for (size_t nth = 1; run_with(tally, scope, nth, n_failures); nth++)
        run_with(tally, scope, 0, 0);
}

static bool run_case(const TortureCase *c, size_t number) {
    Torture torture = {};
    Tally tally = {.c = c};
    tally.wanted.r = c->run(&torture); /* also fills what libraries keep for good */
    tally.wanted.n_allocations = torture.n_allocations;
    tally.wanted.notes = torture.notes;
    if (torture.problem)
        complain(&tally, &torture, 0, tally.wanted.r, torture.problem);
    for (FailingScope scope = 0; scope < _FAILING_SCOPE_MAX; scope++)
        for (size_t all = 0; all < 2 && failing_can(scope) && !(c->has_world && scope > 0); all++)
            run_again(&tally, scope, all ? FAILING_EVER : 1);
    if (tally.n_failed == 0 && failing_can(FAILING_LIBRARIES)) /* else only libraries may ask */
        complain(&tally, &torture, 0, tally.wanted.r, "it asks for no memory at all");
    printf("%sok %zu - %s: %zu allocations, %zu runs of which %zu were short of memory\n",
           tally.n_problems > 0 ? "not " : "", number, c->name, torture.n_allocations, tally.n_runs,
           tally.n_failed);
    free(tally.wanted.notes);
    return tally.n_problems == 0;
}

static bool is_chosen(const TortureCase *c, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (streq(argv[i], c->name))
            return true;
    return argc < 2;
}

int torture_main(int argc, char **argv, const TortureCase *const *tables) {
    size_t n = 0;
    bool all_good = true;
    failing_prepare();
    for (; *tables; tables++)
        for (const TortureCase *c = *tables; c->name; c++)
            if (is_chosen(c, argc, argv))
                all_good = run_case(c, ++n) && all_good;
    printf("# %zu places were failed\n1..%zu\n", failing_count_sites(), n);
    return all_good ? 0 : 1;
}
