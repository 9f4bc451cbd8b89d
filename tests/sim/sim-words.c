#include "tests/sim/sim-words.h"

#include <stdio.h>

void sim_words_done(SimWords *words) {
    free(words->past);
}

static bool word_held_after(const SimWord *word, usec_t since) {
    return word->until >= since;
}

void sim_words_say(SimWords *words, usec_t now, const Order *order) {
    while (words->n_past > 0 && words->past[0].until + SIM_REMEMBERED_USEC < now)
        memmove(words->past, words->past + 1, --words->n_past * sizeof(SimWord));
    words->past = sim_must(realloc(words->past, (words->n_past + 1) * sizeof(SimWord)));
    words->now.until = now;
    const SimWord before = words->now;
    words->past[words->n_past++] = before;
    words->now = (SimWord){.desired = order ? order->desired : LAUNCH_STATE_INACTIVE};
    words->now.restart = order ? MAX(order->restart, before.restart) : before.restart;
    if (order)
        snprintf(words->now.hash, sizeof(words->now.hash), "%s", order->hash);
    bool is_same = words->now.desired == before.desired && streq(words->now.hash, before.hash) &&
                   words->now.restart == before.restart;
    words->now.number = before.number + !is_same;
}

static bool word_is_launch(const SimWord *word, const char *hash) {
    return word->desired == LAUNCH_STATE_LAUNCHED && (!hash || streq(word->hash, hash));
}

static bool was_said(const SimWords *words, usec_t since, const char *hash, bool is_launch) {
    if (word_is_launch(&words->now, hash) == is_launch)
        return true;
    for (size_t i = 0; i < words->n_past; i++)
        if (word_held_after(&words->past[i], since) &&
            word_is_launch(&words->past[i], hash) == is_launch)
            return true;
    return false;
}

static const SimWord *word_at(const SimWords *words, size_t i) {
    return i < words->n_past ? &words->past[i] : &words->now;
}

bool sim_words_take_launch(SimWords *words, usec_t since, const char *hash) {
    for (size_t i = 0; i <= words->n_past; i++) {
        const SimWord *word = word_at(words, i);
        bool is_heard = i == words->n_past || word_held_after(word, since);
        if (!is_heard || word->number <= words->taken || !word_is_launch(word, hash))
            continue;
        words->taken = word->number;
        words->restart_taken = MAX(words->restart_taken, word->restart);
        return true;
    }
    return false;
}

usec_t sim_words_launch_since(const SimWords *words, usec_t since, const char *hash) {
    size_t i = 0;
    while (i < words->n_past &&
           !(word_held_after(&words->past[i], since) && word_is_launch(&words->past[i], hash)))
        i++;
    const SimWord *word = word_at(words, i);
    while (i > 0 && words->past[i - 1].number == word->number)
        i--;
    return i > 0 && word_is_launch(word, hash) ? words->past[i - 1].until : 0;
}

static bool word_restarts(const SimWords *words, const SimWord *word, const char *hash) {
    return word_is_launch(word, hash) && word->restart > words->restart_taken;
}

bool sim_words_said_restart(const SimWords *words, usec_t since, const char *hash) {
    for (size_t i = 0; i < words->n_past; i++)
        if (word_held_after(&words->past[i], since) && word_restarts(words, &words->past[i], hash))
            return true;
    return word_restarts(words, &words->now, hash);
}

bool sim_words_said_launch(const SimWords *words, usec_t since, const char *hash) {
    return was_said(words, since, hash, true);
}

bool sim_words_said_otherwise(const SimWords *words, usec_t since, const char *hash) {
    return was_said(words, since, hash, false);
}
