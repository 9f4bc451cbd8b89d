#include "fleetd/api/metadata-patch.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/text.h"
#include "fleetd/store/store.h"

#include <errno.h>

void metadata_change_done(MetadataChange *change) {
    free(change->machine_id);
    free(change->key);
    free(change->value);
    *change = (MetadataChange){};
}

void metadata_patch_done(MetadataPatch *patch) {
    for (size_t i = 0; i < patch->n_changes; i++)
        metadata_change_done(&patch->changes[i]);
    free(patch->changes);
    *patch = (MetadataPatch){};
}

/* A reference token of a JSON Pointer (RFC 6901): ~1 is a slash, ~0 a tilde. */
static int pointer_unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from != '~') {
            *to++ = *from;
            continue;
        }
        from++;
        if (*from != '0' && *from != '1')
            return -EINVAL;
        *to++ = *from == '0' ? '~' : '/';
    }
    *to = 0;
    return 0;
}

static int path_parse(const char *path, MetadataChange *change, Error *reterr) {
    static const char middle[] = "/metadata/";
    const char *id = path + 1;
    size_t n = path[0] == '/' ? strcspn(id, "/") : 0;
    if (n == 0 || strncmp(id + n, middle, strlen(middle)) != 0 ||
        strchr(id + n + strlen(middle), '/'))
        return error_set(reterr, -EINVAL, "path '%.*s' is not of the form /ID/metadata/KEY",
                         TEXT_SHORT(path));
    change->machine_id = strndup(id, n);
    change->key = strdup(id + n + strlen(middle));
    if (!change->machine_id || !change->key)
        return -ENOMEM;
    if (pointer_unescape(change->key) < 0)
        return error_set(reterr, -EINVAL, "path '%.*s' has a '~' without 0 or 1 behind it",
                         TEXT_SHORT(path));
    return machine_id_check(change->machine_id, reterr);
}

/* A string; or, as CoreOS fleet wanted it in deviation from JSON Patch, an object with one. */
static int value_get(json_object *operation, const char **ret, Error *reterr) {
    json_object *object;
    if (json_get_object(operation, "value", &object, NULL) == 1)
        operation = object;
    return json_need_string(operation, "value", ret, reterr);
}

static int value_read(json_object *operation, MetadataChange *change, Error *reterr) {
    const char *op, *value = "";
    int r = json_need_string(operation, "op", &op, reterr);
    if (r < 0)
        return r;
    bool removes = streq(op, "remove");
    if (!removes && !streq(op, "add") && !streq(op, "replace"))
        return error_set(reterr, -EINVAL, "op '%.*s' is none of add, replace and remove",
                         TEXT_SHORT(op));
    if (!removes)
        r = value_get(operation, &value, reterr);
    if (r >= 0)
        r = metadata_check_pair(change->key, value, reterr);
    if (r < 0 || removes)
        return r;
    change->value = strdup(value);
    return change->value ? 0 : -ENOMEM;
}

static int operation_parse(json_object *operation, MetadataChange *change, Error *reterr) {
    const char *path;
    int r = json_need_string(operation, "path", &path, reterr);
    if (r >= 0)
        r = path_parse(path, change, reterr);
    return r < 0 ? r : value_read(operation, change, reterr);
}

/* In place of an earlier change of the same key: a transaction may write a key only once. */
static void change_add_take(MetadataPatch *patch, MetadataChange *change) {
    MetadataChange *slot = patch->changes;
    while (slot < patch->changes + patch->n_changes &&
           !(streq(slot->machine_id, change->machine_id) && streq(slot->key, change->key)))
        slot++;
    if (slot < patch->changes + patch->n_changes)
        metadata_change_done(slot);
    else
        patch->n_changes++;
    *slot = *change;
    *change = (MetadataChange){};
}

static int operations_parse(json_object *array, MetadataPatch *patch, Error *reterr) {
    if (!json_object_is_type(array, json_type_array))
        return error_set(reterr, -EINVAL, "it is not a list of operations");
    size_t n = json_object_array_length(array);
    if (n > STORE_TXN_MAX)
        return error_set(reterr, -EINVAL, "more than %d operations at once", STORE_TXN_MAX);
    patch->changes = calloc(MAX(n, (size_t) 1), sizeof(MetadataChange));
    if (!patch->changes)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        _cleanup_(metadata_change_done) MetadataChange change = {};
        int r = operation_parse(json_object_array_get_idx(array, i), &change, reterr);
        if (r < 0)
            return error_prefix(reterr, r, "operation %zu", i + 1);
        change_add_take(patch, &change);
    }
    return 0;
}

int metadata_patch_parse(const char *body, size_t size, MetadataPatch *ret, Error *reterr) {
    _cleanup_json_ json_object *array = NULL;
    _cleanup_(metadata_patch_done) MetadataPatch patch = {};
    int r = json_parse(body, size, &array, reterr);
    if (r >= 0)
        r = operations_parse(array, &patch, reterr);
    if (r < 0)
        return error_prefix(reterr, r == -ENOMEM ? r : -EINVAL, "the patch");
    *ret = patch;
    patch = (MetadataPatch){};
    return 0;
}
