#include "tests/fuzz/stored-check.h"

#include "fleetd/model/requirements.h"
#include "fleetd/model/stored-record.h"
#include "tests/fuzz/fuzz.h"

static void unit_check(const StoreSync *sync, const Unit *unit) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    _cleanup_free_ char *key = key_file(unit->hash), *text = store_sync_get(sync, key);
    HOLDS(text);
    HOLDS(unit_file_parse(text, strlen(text), &file, NULL) == 0);
    HOLDS(requirements_parse(file, unit->name, &requirements, NULL) == 0);
}

void stored_check(const StoreSync *sync) {
    _cleanup_range_ StoreRangeResult all = {};
    HOLDS(store_sync_range(sync, &(StoreRange){.key = "", .is_prefix = true}, &all) == 0);
    for (size_t i = 0; i < all.n_entries; i++) {
        _cleanup_record_ StoredRecord record = {};
        StoredText text = store_entry_text(&all.entries[i]);
        HOLDS(stored_record_parse(&text, &record, NULL) == 0 && record.is_readable);
        if (record.unit)
            unit_check(sync, record.unit);
    }
}
