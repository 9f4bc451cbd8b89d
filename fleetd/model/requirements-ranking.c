/* What makes one machine the better of several that fit, and one unit go before others: Spread=,
 * Prefer=, Avoid=, Priority= and Preempt=. */
#include "fleetd/model/requirements-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"
#include "fleetd/model/text.h"

#include <ctype.h>
#include <stdlib.h>

#define WEIGHT_MAX 100
#define WEIGHT_DEFAULT 50

static int key_read(RequirementsReader *reader, const Word *word) {
    char ***keys = &reader->requirements->ranking.spread;
    int r = word->is_open ? 0 : metadata_check_pair(word->text, "", reader->reterr);
    if (r < 0 || strv_contains(*keys, word->text))
        return r;
    return strv_push(keys, word->text);
}

int requirements_read_spread(RequirementsReader *reader, const char *value) {
    return requirements_read_words(reader, OPTION_SPREAD, value, key_read);
}

/* -EINVAL: no whole number up to max. */
static int number_parse(const char *text, long max, long *ret) {
    char *end;
    long number = isdigit((unsigned char) *text) ? strtol(text, &end, 10) : -1;
    if (number < 0 || *end || number > max)
        return -EINVAL;
    *ret = number;
    return 0;
}

/* The preference whose weight is still to come, if any: on this line, and the last. */
static Preference *open_preference(const Ranking *ranking) {
    Preference *last =
        ranking->n_preferences > 0 ? &ranking->preferences[ranking->n_preferences - 1] : NULL;
    return last && last->weight == 0 ? last : NULL;
}

static void preference_close(Ranking *ranking, int weight) {
    Preference *open = open_preference(ranking);
    if (open)
        open->weight = weight;
}

static int preference_add(RequirementsReader *reader, const Word *word, char *equals) {
    Ranking *ranking = &reader->requirements->ranking;
    *equals = 0;
    const char *key = word->text, *value = equals + 1;
    int r = word->is_open ? 0 : metadata_check_pair(key, value, reader->reterr);
    if (r < 0)
        return r;
    Preference *grown =
        reallocarray(ranking->preferences, ranking->n_preferences + 1, sizeof(Preference));
    if (!grown)
        return -ENOMEM;
    ranking->preferences = grown;
    Preference *added = &grown[ranking->n_preferences];
    *added = (Preference){.key = strdup(key), .value = strdup(value)};
    ranking->n_preferences++;
    return added->key && added->value ? 0 : -ENOMEM;
}

/* KEY=VALUE, or the weight of the one before. sign: of its weight. */
static int preference_read(RequirementsReader *reader, const Word *word, int sign) {
    Ranking *ranking = &reader->requirements->ranking;
    char *equals = strchr(word->text, '=');
    if (equals && equals[1]) {
        preference_close(ranking, sign * WEIGHT_DEFAULT);
        return preference_add(reader, word, equals);
    }
    long weight = 1;
    if (!open_preference(ranking) || equals)
        return error_set(reader->reterr, -EINVAL,
                         "'%s' is not of the form key=value (quote it as a whole if it has spaces)",
                         word->text);
    if (!word->is_open && (number_parse(word->text, WEIGHT_MAX, &weight) < 0 || weight == 0))
        return error_set(reader->reterr, -EINVAL, "'%s' is no weight from 1 to %d", word->text,
                         WEIGHT_MAX);
    preference_close(ranking, sign * (int) weight);
    return 0;
}

static int prefer_word_read(RequirementsReader *reader, const Word *word) {
    return preference_read(reader, word, 1);
}

static int avoid_word_read(RequirementsReader *reader, const Word *word) {
    return preference_read(reader, word, -1);
}

int requirements_read_prefer(RequirementsReader *reader, const char *value) {
    int r = requirements_read_words(reader, OPTION_PREFER, value, prefer_word_read);
    preference_close(&reader->requirements->ranking, WEIGHT_DEFAULT);
    return r;
}

int requirements_read_avoid(RequirementsReader *reader, const char *value) {
    int r = requirements_read_words(reader, OPTION_AVOID, value, avoid_word_read);
    preference_close(&reader->requirements->ranking, -WEIGHT_DEFAULT);
    return r;
}

int requirements_read_priority(RequirementsReader *reader, const char *value) {
    long priority;
    if (number_parse(value, PRIORITY_MAX, &priority) < 0)
        return error_set(reader->reterr, -EINVAL, "'%.*s' is not a whole number from 0 to %d",
                         TEXT_SHORT(value), PRIORITY_MAX);
    reader->requirements->ranking.priority = (unsigned) priority;
    return 0;
}

int requirements_read_preempt(RequirementsReader *reader, const char *value) {
    return requirements_read_truth(reader, value, &reader->requirements->ranking.preempts);
}

void ranking_done(Ranking *ranking) {
    strv_free(ranking->spread);
    for (size_t i = 0; i < ranking->n_preferences; i++) {
        free(ranking->preferences[i].key);
        free(ranking->preferences[i].value);
    }
    free(ranking->preferences);
}
