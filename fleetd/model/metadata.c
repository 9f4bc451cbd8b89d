#include "fleetd/model/metadata.h"

#include "fleetd/base/json.h"
#include "fleetd/base/text-stream.h"
#include "fleetd/model/text.h"

#include <errno.h>
#include <stdio.h>

/* Position of key, or where it would have to stand. */
static bool pair_find(const Metadata *metadata, const char *key, size_t *ret_position) {
    size_t low = 0, high = metadata->n_pairs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(metadata->pairs[middle].key, key);
        if (order == 0) {
            *ret_position = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_position = low;
    return false;
}

static int pair_insert(Metadata *metadata, size_t position, const char *key, const char *value) {
    MetadataPair *grown =
        reallocarray(metadata->pairs, metadata->n_pairs + 1, sizeof(MetadataPair));
    if (!grown)
        return -ENOMEM;
    metadata->pairs = grown;
    MetadataPair pair = {.key = strdup(key), .value = strdup(value)};
    if (!pair.key || !pair.value) {
        free(pair.key);
        free(pair.value);
        return -ENOMEM;
    }
    memmove(grown + position + 1, grown + position,
            (metadata->n_pairs - position) * sizeof(MetadataPair));
    grown[position] = pair;
    metadata->n_pairs++;
    return 0;
}

static int pair_put(Metadata *metadata, const char *key, const char *value) {
    size_t position;
    if (!pair_find(metadata, key, &position))
        return pair_insert(metadata, position, key, value);
    char *copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    free(metadata->pairs[position].value);
    metadata->pairs[position].value = copy;
    return 0;
}

int metadata_set(Metadata *metadata, const char *key, const char *value) {
    if (metadata->n_pairs >= METADATA_PAIRS_MAX && !metadata_get(metadata, key))
        return -E2BIG;
    return pair_put(metadata, key, value);
}

bool metadata_unset(Metadata *metadata, const char *key) {
    size_t position;
    if (!pair_find(metadata, key, &position))
        return false;
    free(metadata->pairs[position].key);
    free(metadata->pairs[position].value);
    metadata->n_pairs--;
    memmove(metadata->pairs + position, metadata->pairs + position + 1,
            (metadata->n_pairs - position) * sizeof(MetadataPair));
    return true;
}

const char *metadata_get(const Metadata *metadata, const char *key) {
    size_t position;
    return pair_find(metadata, key, &position) ? metadata->pairs[position].value : NULL;
}

static int pairs_put(Metadata *metadata, const Metadata *from) {
    for (size_t i = 0; i < from->n_pairs; i++) {
        int r = pair_put(metadata, from->pairs[i].key, from->pairs[i].value);
        if (r < 0)
            return r;
    }
    return 0;
}

int metadata_overlay(const Metadata *metadata, const Metadata *winner, Metadata *ret) {
    _cleanup_metadata_ Metadata both = {};
    int r = pairs_put(&both, metadata);
    if (r >= 0)
        r = pairs_put(&both, winner);
    if (r < 0)
        return r;
    *ret = both;
    both = (Metadata){};
    return 0;
}

int metadata_copy(const Metadata *metadata, Metadata *ret) {
    return metadata_overlay(metadata, &(Metadata){}, ret);
}

bool metadata_equal(const Metadata *a, const Metadata *b) {
    if (a->n_pairs != b->n_pairs)
        return false;
    for (size_t i = 0; i < a->n_pairs; i++)
        if (!streq(a->pairs[i].key, b->pairs[i].key) ||
            !streq(a->pairs[i].value, b->pairs[i].value))
            return false;
    return true;
}

char *metadata_format(const Metadata *metadata) {
    _cleanup_text_stream_ TextStream stream;
    char *text = NULL;
    if (text_stream_open(&stream) < 0)
        return NULL;
    for (size_t i = 0; i < metadata->n_pairs; i++)
        fprintf(stream.file, "%s%s=%s", i > 0 ? "," : "", metadata->pairs[i].key,
                metadata->pairs[i].value);
    return text_stream_close(&stream, &text, NULL) < 0 ? NULL : text;
}

json_object *metadata_to_json(const Metadata *metadata) {
    _cleanup_json_ json_object *object = json_object_new_object();
    for (size_t i = 0; object && i < metadata->n_pairs; i++)
        if (json_add_string(object, metadata->pairs[i].key, metadata->pairs[i].value) < 0)
            return NULL;
    return TAKE_PTR(object);
}

/* The key is somebody's, too, and is named only if it can be read. */
static int value_from_json(json_object *object, const char *key, const char **ret, Error *reterr) {
    bool can_be_named = text_is_printable(key);
    int r = json_need_string(object, key, ret, can_be_named ? reterr : NULL);
    return r < 0 && !can_be_named
               ? error_set(reterr, r, "a key with unprintable characters has no text for a value")
               : r;
}

int metadata_from_json(json_object *object, Metadata *ret, Error *reterr) {
    if (!json_object_is_type(object, json_type_object))
        return error_set(reterr, -EBADMSG, "metadata is not a JSON object");
    _cleanup_metadata_ Metadata metadata = {};
    json_object_object_foreach(object, key, field) {
        const char *value;
        _unused_ const json_object *unused = field;
        int r = value_from_json(object, key, &value, reterr);
        if (r < 0)
            return r;
        r = metadata_set(&metadata, key, value);
        if (r == -E2BIG)
            return error_set(reterr, -EBADMSG, "more than %d pairs of metadata",
                             METADATA_PAIRS_MAX);
        if (r < 0)
            return r;
    }
    *ret = metadata;
    metadata = (Metadata){};
    return 0;
}

void metadata_done(Metadata *metadata) {
    for (size_t i = 0; i < metadata->n_pairs; i++) {
        free(metadata->pairs[i].key);
        free(metadata->pairs[i].value);
    }
    free(metadata->pairs);
    *metadata = (Metadata){};
}

int metadata_check_pair(const char *key, const char *value, Error *reterr) {
    if (!*key)
        return error_set(reterr, -EINVAL, "a metadata key is empty");
    if (strlen(key) > METADATA_TEXT_MAX || strlen(value) > METADATA_TEXT_MAX)
        return error_set(reterr, -EINVAL, "a metadata key or value is over %d bytes",
                         METADATA_TEXT_MAX);
    if (!text_is_printable(key) || !text_is_printable(value))
        return error_set(reterr, -EINVAL, "a metadata key or value has unprintable characters");
    if (key[strcspn(key, "=,\"'")])
        return error_set(reterr, -EINVAL, "metadata key '%s' has one of = , \" '", key);
    return 0;
}
