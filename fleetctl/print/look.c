#include "fleetctl/print/look.h"

#include "fleetd/base/strv.h"

#include <langinfo.h>
#include <unistd.h>

/* Marks and colours as systemctl's, so that they need not be learnt. */
static const struct {
    const char *mark, *ascii_mark, *color;
} tones[_TONE_MAX] = {
    [TONE_PLAIN] = {" ", " ", ""},        [TONE_IDLE] = {"○", "o", "\033[2m"},
    [TONE_GOOD] = {"●", "*", "\033[32m"}, [TONE_BUSY] = {"●", "*", "\033[33m"},
    [TONE_BAD] = {"×", "x", "\033[31m"},
};

#define COLOR_END "\033[0m"

Look look_choose(const LookFacts *facts) {
    bool terminal_has_color = facts->is_terminal && str_is_empty(facts->no_color) &&
                              !str_is_empty(facts->term) && !streq(facts->term, "dumb");
    return (Look){
        .is_for_people = facts->is_terminal || facts->is_forced,
        .has_color = facts->is_forced || (terminal_has_color && !facts->is_forbidden),
        .has_utf8 = facts->is_utf8,
    };
}

Look look_find(FILE *file, bool is_forced, bool is_forbidden) {
    LookFacts facts = {
        .is_terminal = isatty(fileno(file)),
        .is_utf8 = streq(nl_langinfo(CODESET), "UTF-8"),
        .no_color = getenv("NO_COLOR"),
        .term = getenv("TERM"),
        .is_forced = is_forced,
        .is_forbidden = is_forbidden,
    };
    return look_choose(&facts);
}

const char *look_mark(const Look *look, Tone tone) {
    return look->has_utf8 ? tones[tone].mark : tones[tone].ascii_mark;
}

const char *look_color(const Look *look, Tone tone) {
    return look->has_color ? tones[tone].color : "";
}

const char *look_color_end(const Look *look, Tone tone) {
    return *look_color(look, tone) ? COLOR_END : "";
}
