/* The values of options that are lists: words, with their quotes taken off and their specifiers
 * expanded. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#define WHITESPACE " \t"

static void word_done(Word *word) {
    free(word->text);
}
#define _cleanup_word_ _cleanup_(word_done)

/* Where the word at text ends; NULL if a quote stands anywhere but around the whole of it. */
static const char *word_end(const char *text) {
    size_t n = strcspn(text, WHITESPACE);
    if (*text != '"' && *text != '\'')
        return strcspn(text, "\"'") < n ? NULL : text + n;
    const char *quote = strchr(text + 1, *text);
    return quote && (!quote[1] || strchr(WHITESPACE, quote[1])) ? quote + 1 : NULL;
}

int requirements_take_piece(RequirementsReader *reader, const char **text, char **ret) {
    const char *start = *text + strspn(*text, WHITESPACE);
    if (!*start)
        return 0;
    const char *end = word_end(start);
    if (!end)
        return error_set(reader->reterr, -EINVAL, "a quote that does not enclose a whole word");
    size_t n_quotes = *start == '"' || *start == '\'';
    char *piece = strndup(start + n_quotes, (size_t) (end - start) - 2 * n_quotes);
    if (!piece)
        return -ENOMEM;
    *text = end;
    *ret = piece;
    return 1;
}

static int word_take(RequirementsReader *reader, const char **text, Word *ret) {
    _cleanup_free_ char *piece = NULL;
    int r = requirements_take_piece(reader, text, &piece);
    if (r <= 0)
        return r;
    if (!*piece)
        return error_set(reader->reterr, -EINVAL, "an empty word");
    if (strlen(piece) > 2 * METADATA_TEXT_MAX + 1) /* before specifiers make it even longer */
        return error_set(reader->reterr, -EINVAL, "'%.*s...' is too long", TEXT_SHORT(piece));
    _cleanup_free_ char *expanded = NULL;
    r = unit_name_expand(reader->unit_name, piece, &expanded, reader->reterr);
    if (r < 0)
        return r;
    bool is_open = reader->is_template && strchr(piece, '%');
    if (!is_open && !*expanded)
        return error_set(reader->reterr, -EINVAL, "'%s' is nothing in the name of this unit",
                         piece);
    *ret = (Word){.text = is_open ? TAKE_PTR(piece) : TAKE_PTR(expanded), .is_open = is_open};
    return 1;
}

int requirements_read_words(RequirementsReader *reader, OptionId id, const char *value,
                            WordRead read) {
    for (;;) {
        _cleanup_word_ Word word = {};
        int r = word_take(reader, &value, &word);
        if (r <= 0)
            return r;
        if (++reader->n_values[id] > REQUIREMENT_VALUES_MAX)
            return error_set(reader->reterr, -EINVAL, "more than %d values",
                             REQUIREMENT_VALUES_MAX);
        r = read(reader, &word);
        if (r < 0)
            return r;
    }
}
