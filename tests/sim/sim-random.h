/* Chance from a seed: the same everywhere, and apart from the loop's, so that what fate has in
 * store does not depend on what fleet does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SimRandom {
    uint64_t state;
} SimRandom;

static inline uint64_t sim_random(SimRandom *random) { /* splitmix64 */
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline size_t sim_random_below(SimRandom *random, size_t n) {
    return (size_t) (sim_random(random) % n);
}

static inline bool sim_random_chance(SimRandom *random, unsigned percent) {
    return sim_random_below(random, 100) < percent;
}

/* Mostly small, sometimes large: each magnitude up to max is as likely as the next. */
static inline uint64_t sim_random_span(SimRandom *random, uint64_t max) {
    uint64_t bound = max >> sim_random_below(random, 10);
    return bound > 0 ? sim_random(random) % bound : 0;
}
