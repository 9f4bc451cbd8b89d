/* How many instances of templates are to be kept. That is asked for when the templates, and the
 * instances that were there, are there again, or others would be created in their place. But a
 * number that is kept already, and is another one, is replaced before, or the instances beyond it
 * would be removed as they come. */
#include "fleetctl/api/api-list.h"
#include "fleetctl/api/api-scales.h"
#include "fleetctl/commands/restore.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static char *wish_text(const BackupScale *scale) {
    return str_printf("%llu instance%s of %s", (unsigned long long) scale->count,
                      scale->count == 1 ? "" : "s", scale->template);
}

/* A refusal is said; others are kept all the same. */
static int scale_keep(Restore *restore, const BackupScale *scale, Error *reterr) {
    const Context *context = restore->context;
    bool is_dry = context->options->dry_run;
    _cleanup_error_ Error error = {};
    _cleanup_free_ char *wish = wish_text(scale);
    int64_t revision;
    int r = wish ? 0 : -ENOMEM;
    if (r >= 0 && !is_dry)
        r = api_put_scale(context->api, scale->template, scale->count, &revision, &error);
    if (r == -EREMOTEIO) {
        complain("Failed to keep %s: %s", wish, error_text(&error, r));
        restore->status = EXIT_FAILURE;
        return 0;
    }
    if (r < 0)
        return error_set(reterr, r, "%s", error_text(&error, r));
    say("%s %s", is_dry ? "Would keep" : "Keeping", wish);
    restore->n_done++;
    return 0;
}

static int scale_compare(Restore *restore, size_t i, json_object *known, Error *reterr) {
    const BackupScale *scale = &restore->backup.scales[i];
    ApiScale present;
    restore->is_scale_missing[i] = !known;
    int r = known ? api_scale_read(known, &present, reterr) : 0;
    if (r < 0 || !known)
        return r;
    if ((uint64_t) present.count == scale->count) {
        restore->n_same++;
        return 0;
    }
    if (restore->context->options->replace)
        return scale_keep(restore, scale, reterr);
    complain("The number of instances of %s that are kept differs from the backup, and stays %lld. "
             "Add --replace to override.",
             scale->template, (long long) present.count);
    restore->status = EXIT_FAILURE;
    return 0;
}

/* By the names of their templates. */
static int scales_known(Context *context, json_object **ret_array, Map *known, Error *reterr) {
    int r = api_list(context->api, API_SCALES, ret_array, reterr);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(*ret_array); i++) {
        json_object *scale = json_object_array_get_idx(*ret_array, i);
        const char *name;
        r = json_need_string(scale, "name", &name, reterr);
        if (r >= 0)
            r = map_put(known, name, scale);
    }
    return MIN(r, 0);
}

int restore_compare_scales(Restore *restore, Error *reterr) {
    const Backup *backup = &restore->backup;
    if (backup->n_scales == 0)
        return 0;
    _cleanup_json_ json_object *array = NULL;
    _cleanup_(map_freep) Map *known = map_new(NULL);
    restore->is_scale_missing = calloc(backup->n_scales, sizeof(bool));
    if (!known || !restore->is_scale_missing)
        return -ENOMEM;
    int r = scales_known(restore->context, &array, known, reterr);
    for (size_t i = 0; r >= 0 && i < backup->n_scales; i++)
        r = scale_compare(restore, i, map_get(known, backup->scales[i].template), reterr);
    return r;
}

int restore_add_scales(Restore *restore, Error *reterr) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < restore->backup.n_scales; i++)
        if (restore->is_scale_missing[i])
            r = scale_keep(restore, &restore->backup.scales[i], reterr);
    return r;
}
