#include "fleetd/engine/version-files.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/store/page-size.h"

#include <errno.h>

#define PAGE_SIZE_MAX 8192

struct VersionFiles {
    Store *store;
    Map *hashes;
    VersionFilesDone done;
    void *userdata;
    PageSize page;
    int64_t revision; /* of the list; 0: no page has come yet */
    char *after;      /* the last key of the list so far */
    StoreOp *op;
};

static int files_ask(VersionFiles *files);

static int files_take(VersionFiles *files, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    if (record.version)
        map_remove(files->hashes, record.version->hash);
    return r == -ENOMEM ? r : 0;
}

static int files_take_page(VersionFiles *files, const StoreRangeResult *result) {
    if (files->revision == 0)
        files->revision = result->revision;
    for (size_t i = 0; i < result->n_entries; i++) {
        int r = files_take(files, &result->entries[i]);
        if (r < 0)
            return r;
    }
    page_size_good(&files->page, result->n_entries, store_range_result_bytes(result));
    return result->has_more ? str_replace(&files->after, result->entries[result->n_entries - 1].key)
                            : 0;
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    VersionFiles *files = userdata;
    files->op = NULL;
    bool is_too_large = r == -EMSGSIZE && page_size_bad(&files->page);
    if (r >= 0)
        r = files_take_page(files, result);
    bool goes_on = is_too_large || (r >= 0 && result->has_more);
    if (goes_on)
        r = files_ask(files);
    if (r < 0 || !goes_on)
        files->done(r, files->userdata);
}

static int files_ask(VersionFiles *files) {
    const StoreRange range = {
        .key = KEY_VERSION_PREFIX,
        .is_prefix = true,
        .after = files->after,
        .limit = files->page.now,
        .revision = files->revision,
    };
    return store_range(files->store, &range, on_range, files, &files->op);
}

int version_files_new(Store *store, Map *hashes, VersionFilesDone done, void *userdata,
                      VersionFiles **ret) {
    _cleanup_(version_files_freep) VersionFiles *files = calloc(1, sizeof(VersionFiles));
    if (!files)
        return -ENOMEM;
    *files = (VersionFiles){
        .store = store,
        .hashes = hashes,
        .done = done,
        .userdata = userdata,
        .page = page_size_new(PAGE_SIZE_MAX),
    };
    int r = files_ask(files);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(files);
    return 0;
}

void version_files_free(VersionFiles *files) {
    if (!files)
        return;
    store_op_cancel(files->op);
    free(files->after);
    free(files);
}
