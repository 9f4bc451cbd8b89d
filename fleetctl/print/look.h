/* How what is printed looks: plain for scripts; for people with marks that say at a glance how
 * something fares, and with colours where the terminal has them. */
#pragma once

#include "fleetd/base/macros.h"

#include <stdio.h>

/* How something fares; of several, the last one in this order speaks for all. */
typedef enum Tone {
    TONE_PLAIN, /* nothing to be said about it */
    TONE_IDLE,
    TONE_GOOD,
    TONE_BUSY, /* on its way, or waiting */
    TONE_BAD,
    _TONE_MAX,
} Tone;

typedef struct Look {
    bool is_for_people;
    bool has_color, has_utf8;
} Look;

/* What a look is chosen by. */
typedef struct LookFacts {
    bool is_terminal, is_utf8;
    const char *no_color; /* $NO_COLOR */
    const char *term;     /* $TERM */
    bool is_forced, is_forbidden;
} LookFacts;

/* Forced: for people, with colours, wherever it goes; forbidden: no colours. Pure. */
Look look_choose(const LookFacts *facts);

/* Of a stream, by its terminal, the locale and the environment. */
Look look_find(FILE *file, bool is_forced, bool is_forbidden);

/* The mark of a tone, one cell wide; " " for TONE_PLAIN. */
const char *look_mark(const Look *look, Tone tone);

/* The terminal's sequence that begins the tone's colour, "" without one, and that which ends it. */
const char *look_color(const Look *look, Tone tone);
const char *look_color_end(const Look *look, Tone tone);
