/* The Prober of tests: answers by the port that a check asks (of kind TCP), later, from the loop.
 * Where nothing was said, all is well. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/probe/prober.h"

typedef struct FakeProber FakeProber;

typedef struct FakeAnswer {
    const char *failure; /* static; NULL: it is well */
    usec_t delay_usec;   /* USEC_INFINITY: none comes, and the check's time runs out */
} FakeAnswer;

int fake_prober_new(Loop *loop, FakeProber **ret);
Prober *fake_prober_prober(FakeProber *fake); /* freed with prober_free() */

void fake_prober_set(FakeProber *fake, unsigned port, FakeAnswer answer);
/* The next n questions cannot be asked. */
void fake_prober_fail_next(FakeProber *fake, size_t n, int r);

size_t fake_prober_count(const FakeProber *fake, unsigned port); /* questions so far */
size_t fake_prober_n_open(const FakeProber *fake);
size_t fake_prober_n_open_max(const FakeProber *fake); /* at a time, so far */
