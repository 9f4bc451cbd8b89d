/* Unit files as the API gets them: a list of options, one to a line of the input as SECTION, NAME
 * and VALUE between tabs, with \n for a line end. What is accepted says what the options say. */
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#define OPTIONS_MAX 32

typedef struct Options {
    UnitOption list[OPTIONS_MAX];
    char *lines[OPTIONS_MAX];
    size_t n;
} Options;

static char *piece_cut(char **rest) {
    char *piece = *rest, *tab = strchr(piece, '\t');
    if (tab)
        *tab = 0;
    *rest = tab ? tab + 1 : piece + strlen(piece);
    return piece;
}

static void line_ends_put(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool is_end = from[0] == '\\' && from[1] == 'n';
        *to++ = is_end ? '\n' : *from;
        from += is_end;
    }
    *to = 0;
}

static void options_take(FuzzInput *input, Options *ret) {
    while (input->size > 0 && ret->n < OPTIONS_MAX) {
        char *rest = ret->lines[ret->n] = fuzz_take_line(input);
        UnitOption *option = &ret->list[ret->n++];
        option->section = piece_cut(&rest);
        option->name = piece_cut(&rest);
        option->value = rest;
        line_ends_put(rest);
    }
}

static void options_done(Options *options) {
    for (size_t i = 0; i < options->n; i++)
        free(options->lines[i]);
}

/* A continued line has a blank where its end was. */
static bool value_is_same(const char *given, const char *read) {
    return streq(given, read) || strstr(given, "\\\n");
}

static void file_check(const UnitFile *file, const Options *options) {
    size_t n, size;
    const UnitOption *list = unit_file_options(file, &n);
    const char *text = unit_file_text(file, &size);
    HOLDS(n == options->n);
    for (size_t i = 0; i < n; i++) {
        HOLDS(list[i].line == 0);
        HOLDS(streq(list[i].section, options->list[i].section));
        HOLDS(streq(list[i].name, options->list[i].name));
        HOLDS(value_is_same(options->list[i].value, list[i].value));
    }
    _cleanup_(unit_file_unrefp) UnitFile *again = NULL;
    HOLDS(unit_file_parse(text, size, &again, NULL) == 0);
    HOLDS(streq(unit_file_hash(file), unit_file_hash(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    _cleanup_(options_done) Options options = {};
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_error_ Error error = {};
    options_take(&input, &options);
    int r = unit_file_from_options(options.list, options.n, &file, &error);
    HOLDS(r == 0 || r == -EINVAL);
    if (r < 0)
        fuzz_check_message(error.message);
    else
        file_check(file, &options);
    return 0;
}
