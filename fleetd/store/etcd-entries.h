/* The entries of a list as they stand in the text of etcd's answer, read without a tree of JSON for
 * them: a leader of 100,000 units reads 300,000. etcd's gateway writes them flat, as strings
 * without escapes and without white space; what stands there in another way is left to json-c.
 * Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct EtcdText { /* not terminated */
    const char *begin;
    size_t size;
} EtcdText;

typedef struct EtcdEntry {
    EtcdText key, value; /* base64 */
    int64_t create_revision, mod_revision, lease;
} EtcdEntry;

typedef struct EtcdEntries {
    EtcdText array; /* with its brackets */
    const char *next;
    size_t n;
} EtcdEntries;

/* False: there are none, or not written like that. Else all of them are. */
bool etcd_entries_find(const char *text, size_t size, EtcdEntries *ret);
/* One after another; false after the last. */
bool etcd_entries_next(EtcdEntries *entries, EtcdEntry *ret);
