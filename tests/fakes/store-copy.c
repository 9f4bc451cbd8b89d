#include "tests/fakes/store-copy.h"

static void *must(void *pointer) {
    if (!pointer)
        abort();
    return pointer;
}

static StoreEntry entry_copy(const StoreEntry *entry) {
    StoreEntry copy = *entry;
    char *value = must(calloc(1, entry->value_size + 1));
    if (entry->value_size > 0)
        memcpy(value, entry->value, entry->value_size);
    copy.key = must(strdup(entry->key));
    copy.value = value;
    return copy;
}

static void entry_done(const StoreEntry *entry) {
    free((void *) entry->key);
    free((void *) entry->value);
}

StoreRangeResult store_range_result_copy(const StoreRangeResult *result) {
    StoreEntry *entries = must(calloc(result->n_entries + 1, sizeof(StoreEntry)));
    for (size_t i = 0; i < result->n_entries; i++)
        entries[i] = entry_copy(&result->entries[i]);
    StoreRangeResult copy = *result;
    copy.entries = entries;
    return copy;
}

void store_range_result_done(StoreRangeResult *result) {
    for (size_t i = 0; i < result->n_entries; i++)
        entry_done(&result->entries[i]);
    free((void *) result->entries);
    *result = (StoreRangeResult){};
}

StoreEvent *store_events_copy(const StoreEvent *events, size_t n_events) {
    StoreEvent *copies = must(calloc(n_events + 1, sizeof(StoreEvent)));
    for (size_t i = 0; i < n_events; i++)
        copies[i] = (StoreEvent){events[i].kind, entry_copy(&events[i].entry)};
    return copies;
}

void store_events_free(StoreEvent *events, size_t n_events) {
    for (size_t i = 0; i < n_events; i++)
        entry_done(&events[i].entry);
    free(events);
}
