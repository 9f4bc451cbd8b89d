#include "fleetd/store/etcd-entries.h"

#include "fleetd/base/macros.h"

#include <ctype.h>
#include <string.h>

#define DIGITS_MAX 19 /* of a number that fits into 64 bits */

/* What is left of the text. */
typedef struct Cursor {
    const char *at, *end;
} Cursor;

static bool take(Cursor *cursor, const char *text) {
    size_t size = strlen(text);
    if ((size_t) (cursor->end - cursor->at) < size || memcmp(cursor->at, text, size) != 0)
        return false;
    cursor->at += size;
    return true;
}

/* Base64, a number or a name: of other characters nothing is known here. */
static bool is_plain(char c) {
    return isalnum((unsigned char) c) || c == '_' || c == '+' || c == '/' || c == '=';
}

static bool take_string(Cursor *cursor, EtcdText *ret) {
    if (!take(cursor, "\""))
        return false;
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && is_plain(*cursor->at))
        cursor->at++;
    *ret = (EtcdText){begin, (size_t) (cursor->at - begin)};
    return take(cursor, "\"");
}

static bool text_is(const EtcdText *text, const char *expected) {
    return text->size == strlen(expected) && memcmp(text->begin, expected, text->size) == 0;
}

static bool read_number(const EtcdText *text, int64_t *ret) {
    uint64_t number = 0;
    if (text->size == 0 || text->size > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text->size; i++) {
        if (!isdigit((unsigned char) text->begin[i]))
            return false;
        number = 10 * number + (uint64_t) (text->begin[i] - '0');
    }
    *ret = (int64_t) number;
    return number <= INT64_MAX;
}

static bool entry_set(EtcdEntry *entry, const EtcdText *name, const EtcdText *value) {
    if (text_is(name, "key"))
        entry->key = *value;
    else if (text_is(name, "value"))
        entry->value = *value;
    else if (text_is(name, "create_revision"))
        return read_number(value, &entry->create_revision);
    else if (text_is(name, "mod_revision"))
        return read_number(value, &entry->mod_revision);
    else if (text_is(name, "lease"))
        return read_number(value, &entry->lease);
    return true;
}

static bool take_entry(Cursor *cursor, EtcdEntry *ret) {
    EtcdText name, value;
    *ret = (EtcdEntry){.key.begin = "", .value.begin = ""};
    if (!take(cursor, "{"))
        return false;
    do {
        if (!take_string(cursor, &name) || !take(cursor, ":") || !take_string(cursor, &value) ||
            !entry_set(ret, &name, &value))
            return false;
    } while (take(cursor, ","));
    return take(cursor, "}");
}

/* The head of the answer comes first, which is flat as well. */
static bool take_head(Cursor *cursor) {
    if (!take(cursor, "{\"header\":{"))
        return false;
    while (cursor->at < cursor->end && *cursor->at != '}' && *cursor->at != '{')
        cursor->at++;
    return take(cursor, "},\"kvs\":");
}

bool etcd_entries_find(const char *text, size_t size, EtcdEntries *ret) {
    Cursor cursor = {text, text + size};
    EtcdEntry entry;
    size_t n = 0;
    if (!take_head(&cursor))
        return false;
    const char *begin = cursor.at;
    if (!take(&cursor, "["))
        return false;
    do {
        if (!take_entry(&cursor, &entry))
            return false;
        n++;
    } while (take(&cursor, ","));
    if (!take(&cursor, "]"))
        return false;
    *ret = (EtcdEntries){.array = {begin, (size_t) (cursor.at - begin)}, .next = begin + 1, .n = n};
    return true;
}

bool etcd_entries_next(EtcdEntries *entries, EtcdEntry *ret) {
    Cursor cursor = {entries->next, entries->array.begin + entries->array.size};
    if (!take_entry(&cursor, ret))
        return false;
    entries->next = cursor.at + 1; /* behind the comma, or the bracket */
    return true;
}
