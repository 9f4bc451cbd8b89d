#include "fleetd/sched/rollout-failure.h"

#include "fleetd/base/strv.h"

#define TROUBLE_MAX 200 /* bytes: with the record it is read by all, and told on one line */

/* No character is cut in two. */
static int trouble_length(const char *text) {
    size_t n = strnlen(text, TROUBLE_MAX);
    while (text[n] && n > 0 && ((unsigned char) text[n] & 0xC0) == 0x80)
        n--;
    return (int) n;
}

/* "", if nothing is known. */
static char *format_trouble(const char *trouble) {
    if (!trouble)
        return strdup("");
    int n = trouble_length(trouble);
    char *text = str_printf(" (%.*s%s)", n, trouble, trouble[n] ? "..." : "");
    for (char *c = text; c && *c; c++)
        if (*c == '\n' || *c == '\t' || *c == '\r')
            *c = ' ';
    return text;
}

char *rollout_failure_format(const RolloutFact *fact, const char *what) {
    if (fact->unusable)
        return strdup(what);
    _cleanup_free_ char *trouble = format_trouble(fact->trouble);
    if (!trouble)
        return NULL;
    return str_printf("%s%s%s%s%s%s", what, fact->machine ? " on " : "", str_or(fact->machine, ""),
                      trouble, fact->waits ? ": " : "", str_or(fact->waits, ""));
}
