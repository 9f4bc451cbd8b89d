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

#define GLOB_CHARACTERS "*?[]!^"

static int machine_id_read(RequirementsReader *reader, const Word *word) {
    for (char *p = word->text; *p && !word->is_open; p++)
        *p = (char) tolower((unsigned char) *p);
    int r = word->is_open ? 0 : machine_id_check(word->text, reader->reterr);
    if (r < 0 || reader->requirements->machine_id)
        return r;
    return str_replace(&reader->requirements->machine_id, word->text);
}

int requirements_read_machine_id(RequirementsReader *reader, const char *value) {
    return requirements_read_words(reader, OPTION_MACHINE_ID, value, machine_id_read);
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
    return requirements_read_words(reader, OPTION_MACHINE_OF, value, machine_of_read);
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
    return requirements_read_words(reader, OPTION_CONFLICTS, value, conflict_read);
}

static int replacement_read(RequirementsReader *reader, const Word *word) {
    return glob_add(reader, word, &reader->requirements->replaces);
}

int requirements_read_replaces(RequirementsReader *reader, const char *value) {
    return requirements_read_words(reader, OPTION_REPLACES, value, replacement_read);
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
    return requirements_read_words(reader, OPTION_MACHINE_METADATA, value, metadata_read);
}

int requirements_read_truth(RequirementsReader *reader, const char *value, bool *ret) {
    static const char *const words[2][6] = {
        {"false", "no", "0", "off", "f", "n"},
        {"true", "yes", "1", "on", "t", "y"},
    };
    for (size_t truth = 0; truth < ELEMENTSOF(words); truth++)
        for (size_t i = 0; i < ELEMENTSOF(words[truth]); i++)
            if (strcasecmp(value, words[truth][i]) == 0) {
                *ret = truth;
                return 0;
            }
    return error_set(reader->reterr, -EINVAL, "'%.*s' is neither true nor false",
                     TEXT_SHORT(value));
}

int requirements_read_global(RequirementsReader *reader, const char *value) {
    return requirements_read_truth(reader, value, &reader->requirements->is_global);
}
