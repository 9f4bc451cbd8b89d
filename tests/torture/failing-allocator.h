/* Lets allocations fail on demand. Programs under torture are linked with copies of the production
 * archives whose calls of malloc() and its kind lead here (allocators.syms): so what fails is
 * production code alone, not the fakes and tests around it, and no source knows of it. Outside of
 * the sanitizers' builds every block of the process is counted, whoever asked for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum FailingScope {
    FAILING_PRODUCTION, /* what production code asks for itself, and of json-c's functions */
    FAILING_LIBRARIES,  /* also what the libraries below ask for; false of failing_can() with
                           sanitizers */
    _FAILING_SCOPE_MAX,
} FailingScope;

#define FAILING_EVER SIZE_MAX

/* Before the first count: takes what taking notes needs. */
void failing_prepare(void);

bool failing_can(FailingScope scope);

/* From here on allocations are counted. The nth, from 1, fails, and with it all in all n_failures
 * in a row; nth 0: none does. */
void failing_begin(FailingScope scope, size_t nth, size_t n_failures);

/* The next n_failures allocations fail, wherever the count is. */
void failing_now(size_t n_failures);

/* None fails any more. The number that were counted, those that failed among them. */
size_t failing_end(void);

size_t failing_count_failed(void); /* since the beginning of the count */
size_t failing_count_sites(void);  /* different callers that were failed, in the whole process */

/* Blocks that are in use in the process now; always 0 with sanitizers, which look themselves. */
size_t failing_count_blocks(void);

/* Those of them that production code has asked for since the beginning of the count. */
size_t failing_count_kept(void);

/* The calls that led to the allocation that failed last, to standard error. */
void failing_print_site(void);
