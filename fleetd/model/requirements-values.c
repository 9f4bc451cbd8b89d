/* The values of the [X-Fleet] options: each reader checks those of one line, and adds them. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/metadata.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#define WHITESPACE " \t"
#define GLOB_CHARACTERS "*?[]!^"

/* A word of a value, expanded. Of a template, a word with specifiers is not: is_open. */
typedef struct Word {
    char *text;
    bool is_open;
} Word;

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

typedef int (*WordRead)(RequirementsReader *reader, const Word *word);

static int words_read(RequirementsReader *reader, OptionId id, const char *value, WordRead read) {
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

static int machine_id_read(RequirementsReader *reader, const Word *word) {
    for (char *p = word->text; *p && !word->is_open; p++)
        *p = (char) tolower((unsigned char) *p);
    int r = word->is_open ? 0 : machine_id_check(word->text, reader->reterr);
    if (r < 0 || reader->requirements->machine_id)
        return r;
    return str_replace(&reader->requirements->machine_id, word->text);
}

int requirements_read_machine_id(RequirementsReader *reader, const char *value) {
    return words_read(reader, OPTION_MACHINE_ID, value, machine_id_read);
}

/* Explains a name without its type by the name that was probably meant. */
static int peer_refuse(RequirementsReader *reader, const char *name) {
    _cleanup_free_ char *complete = NULL;
    int r = unit_name_complete(name, &complete);
    if (r < 0)
        return r;
    if (!streq(complete, name) && unit_name_check(complete, NULL) == 0)
        return error_set(reader->reterr, -EINVAL,
                         "'%s' is not a full unit name (did you mean '%s'?)", name, complete);
    return unit_name_check(name, reader->reterr);
}

static int peer_check(RequirementsReader *reader, const char *name) {
    if (unit_name_check(name, NULL) < 0)
        return peer_refuse(reader, name);
    if (unit_name_is_template(name))
        return error_set(reader->reterr, -EINVAL, "'%s' is a template, which runs nowhere", name);
    if (streq(name, reader->unit_name))
        return error_set(reader->reterr, -EINVAL, "'%s' is the unit itself", name);
    return 0;
}

static int machine_of_read(RequirementsReader *reader, const Word *word) {
    int r = word->is_open ? 0 : peer_check(reader, word->text);
    if (r < 0 || strv_contains(reader->requirements->machine_of, word->text))
        return r;
    return strv_push(&reader->requirements->machine_of, word->text);
}

int requirements_read_machine_of(RequirementsReader *reader, const char *value) {
    return words_read(reader, OPTION_MACHINE_OF, value, machine_of_read);
}

static int glob_add(RequirementsReader *reader, const Word *word, char ***globs) {
    if (!word->is_open && strlen(word->text) > UNIT_NAME_MAX)
        return error_set(reader->reterr, -EINVAL, "'%.*s...' is longer than any unit name",
                         TEXT_SHORT(word->text));
    if (!word->is_open && word->text[strspn(word->text, UNIT_NAME_CHARACTERS GLOB_CHARACTERS)])
        return error_set(reader->reterr, -EINVAL,
                         "'%s' has a character that is in no unit name and no glob", word->text);
    return strv_contains(*globs, word->text) ? 0 : strv_push(globs, word->text);
}

static int conflict_read(RequirementsReader *reader, const Word *word) {
    return glob_add(reader, word, &reader->requirements->conflicts);
}

int requirements_read_conflicts(RequirementsReader *reader, const char *value) {
    return words_read(reader, OPTION_CONFLICTS, value, conflict_read);
}

static int replacement_read(RequirementsReader *reader, const Word *word) {
    return glob_add(reader, word, &reader->requirements->replaces);
}

int requirements_read_replaces(RequirementsReader *reader, const char *value) {
    return words_read(reader, OPTION_REPLACES, value, replacement_read);
}

/* The requirement for a key, added in order if there is none yet. */
static int metadata_requirement_get(Requirements *requirements, const char *key,
                                    MetadataRequirement **ret) {
    size_t i = 0;
    while (i < requirements->n_metadata && strcmp(requirements->metadata[i].key, key) < 0)
        i++;
    if (i == requirements->n_metadata || !streq(requirements->metadata[i].key, key)) {
        MetadataRequirement *grown = reallocarray(
            requirements->metadata, requirements->n_metadata + 1, sizeof(MetadataRequirement));
        if (!grown)
            return -ENOMEM;
        requirements->metadata = grown;
        char *copy = strdup(key);
        if (!copy)
            return -ENOMEM;
        memmove(grown + i + 1, grown + i,
                (requirements->n_metadata - i) * sizeof(MetadataRequirement));
        grown[i] = (MetadataRequirement){.key = copy};
        requirements->n_metadata++;
    }
    *ret = &requirements->metadata[i];
    return 0;
}

static int metadata_read(RequirementsReader *reader, const Word *word) {
    char *equals = strchr(word->text, '=');
    if (!equals || !equals[1])
        return error_set(reader->reterr, -EINVAL,
                         "'%s' is not of the form key=value (quote it as a whole if it has spaces)",
                         word->text);
    *equals = 0;
    const char *key = word->text, *value = equals + 1;
    int r = word->is_open ? 0 : metadata_check_pair(key, value, reader->reterr);
    if (r < 0)
        return r;
    MetadataRequirement *requirement;
    r = metadata_requirement_get(reader->requirements, key, &requirement);
    if (r < 0 || strv_contains(requirement->values, value))
        return r;
    return strv_push(&requirement->values, value);
}

int requirements_read_metadata(RequirementsReader *reader, const char *value) {
    return words_read(reader, OPTION_MACHINE_METADATA, value, metadata_read);
}

int requirements_read_global(RequirementsReader *reader, const char *value) {
    static const char *const words[2][6] = {
        {"false", "no", "0", "off", "f", "n"},
        {"true", "yes", "1", "on", "t", "y"},
    };
    for (size_t truth = 0; truth < ELEMENTSOF(words); truth++)
        for (size_t i = 0; i < ELEMENTSOF(words[truth]); i++)
            if (strcasecmp(value, words[truth][i]) == 0) {
                reader->requirements->is_global = truth;
                return 0;
            }
    return error_set(reader->reterr, -EINVAL, "'%.*s' is neither true nor false",
                     TEXT_SHORT(value));
}
