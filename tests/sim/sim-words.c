#include "tests/sim/sim-words.h"

#include <stdio.h>

void sim_words_done(SimWords *words) {
    free(words->past);
}

static bool word_is_recent(const SimWord *word, usec_t now) {
    return word->until + SIM_STALE_USEC >= now;
}

void sim_words_say(SimWords *words, usec_t now, const Order *order) {
    while (words->n_past > 0 && !word_is_recent(&words->past[0], now))
        memmove(words->past, words->past + 1, --words->n_past * sizeof(SimWord));
    words->past = sim_must(realloc(words->past, (words->n_past + 1) * sizeof(SimWord)));
    words->now.until = now;
    words->past[words->n_past++] = words->now;
    words->now = (SimWord){.desired = order ? order->desired : LAUNCH_STATE_INACTIVE};
    if (order)
        snprintf(words->now.hash, sizeof(words->now.hash), "%s", order->hash);
}

static bool word_is_launch(const SimWord *word, const char *hash) {
    return word->desired == LAUNCH_STATE_LAUNCHED && (!hash || streq(word->hash, hash));
}

static bool was_said(const SimWords *words, usec_t now, const char *hash, bool is_launch) {
    if (word_is_launch(&words->now, hash) == is_launch)
        return true;
    for (size_t i = 0; i < words->n_past; i++)
        if (word_is_recent(&words->past[i], now) &&
            word_is_launch(&words->past[i], hash) == is_launch)
            return true;
    return false;
}

bool sim_words_said_launch(const SimWords *words, usec_t now, const char *hash) {
    return was_said(words, now, hash, true);
}

bool sim_words_said_otherwise(const SimWords *words, usec_t now, const char *hash) {
    return was_said(words, now, hash, false);
}
