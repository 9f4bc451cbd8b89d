/* Entries stand in one dense array in order of insertion; an open-addressing table of 32-bit
 * positions finds them. A removed entry leaves a hole (key NULL) that the next rebuild closes. */
#include "fleetd/base/map.h"

#include <errno.h>

typedef struct Entry {
    char *key; /* NULL: a hole */
    void *value;
    uint32_t hash;
} Entry;

struct Map {
    MapFreeValue free_value;
    Entry *entries;
    uint32_t *table; /* position + 1 of an entry; 0: never used */
    size_t n_used;   /* entries, holes included */
    size_t n_live;
    size_t n_slots; /* a power of two, or 0 before the first put */
};

static uint32_t key_hash(const char *key) {
    uint32_t h = 2166136261u; /* FNV-1a */
    for (const unsigned char *p = (const unsigned char *) key; *p; p++)
        h = (h ^ *p) * 16777619u;
    return h ^ (h >> 15);
}

Map *map_new(MapFreeValue free_value) {
    Map *map = calloc(1, sizeof(Map));
    if (map)
        map->free_value = free_value;
    return map;
}

void map_clear(Map *map) {
    if (!map)
        return;
    for (size_t i = 0; i < map->n_used; i++) {
        if (!map->entries[i].key)
            continue;
        free(map->entries[i].key);
        if (map->free_value)
            map->free_value(map->entries[i].value);
    }
    free(map->entries);
    free(map->table);
    *map = (Map){.free_value = map->free_value};
}

void map_free(Map *map) {
    map_clear(map);
    free(map);
}

static Entry *entry_find_hashed(const Map *map, const char *key, uint32_t hash) {
    for (size_t slot = hash & (map->n_slots - 1);; slot = (slot + 1) & (map->n_slots - 1)) {
        uint32_t position = map->table[slot];
        if (position == 0)
            return NULL;
        Entry *entry = &map->entries[position - 1];
        if (entry->key && entry->hash == hash && streq(entry->key, key))
            return entry;
    }
}

static Entry *entry_find(const Map *map, const char *key) {
    return map && map->n_live > 0 ? entry_find_hashed(map, key, key_hash(key)) : NULL;
}

static void table_insert(uint32_t *table, size_t n_slots, uint32_t hash, size_t position) {
    size_t slot = hash & (n_slots - 1);
    while (table[slot] != 0)
        slot = (slot + 1) & (n_slots - 1);
    table[slot] = (uint32_t) position + 1;
}

/* Three quarters of the slots may be entries; a rebuild closes the holes and doubles only if they
 * were few. */
static int map_reserve(Map *map) {
    if (map->n_slots > 0 && map->n_used + 1 <= map->n_slots / 4 * 3)
        return 0;
    size_t n_slots = MAX((size_t) 8, map->n_slots);
    while (map->n_live + 1 > n_slots / 2)
        n_slots *= 2;

    uint32_t *table = calloc(n_slots, sizeof(uint32_t));
    Entry *entries = malloc(n_slots / 4 * 3 * sizeof(Entry));
    if (!table || !entries) {
        free(table);
        free(entries);
        return -ENOMEM;
    }
    size_t n = 0;
    for (size_t i = 0; i < map->n_used; i++)
        if (map->entries[i].key) {
            table_insert(table, n_slots, map->entries[i].hash, n);
            entries[n++] = map->entries[i];
        }
    free(map->table);
    free(map->entries);
    map->table = table;
    map->entries = entries;
    map->n_used = n;
    map->n_slots = n_slots;
    return 0;
}

static Entry *entry_add(Map *map, const char *key, uint32_t hash) {
    char *copy = map_reserve(map) < 0 ? NULL : strdup(key);
    if (!copy)
        return NULL;
    table_insert(map->table, map->n_slots, hash, map->n_used);
    Entry *entry = &map->entries[map->n_used++];
    *entry = (Entry){.key = copy, .hash = hash};
    map->n_live++;
    return entry;
}

int map_put(Map *map, const char *key, void *value) {
    uint32_t hash = key_hash(key);
    Entry *entry = map->n_live > 0 ? entry_find_hashed(map, key, hash) : NULL;
    bool is_new = !entry;
    if (is_new && !(entry = entry_add(map, key, hash)))
        return -ENOMEM;
    if (map->free_value && entry->value && entry->value != value)
        map->free_value(entry->value);
    entry->value = value;
    return is_new;
}

void **map_place(Map *map, const char *key) {
    uint32_t hash = key_hash(key);
    Entry *entry = map->n_live > 0 ? entry_find_hashed(map, key, hash) : NULL;
    if (!entry)
        entry = entry_add(map, key, hash);
    return entry ? &entry->value : NULL;
}

void *map_get(const Map *map, const char *key) {
    Entry *entry = entry_find(map, key);
    return entry ? entry->value : NULL;
}

bool map_has(const Map *map, const char *key) {
    return entry_find(map, key) != NULL;
}

const char *map_get_key(const Map *map, const char *key) {
    Entry *entry = entry_find(map, key);
    return entry ? entry->key : NULL;
}

static void *entry_take(Map *map, Entry *entry) {
    free(entry->key);
    entry->key = NULL;
    map->n_live--;
    return TAKE_PTR(entry->value);
}

void *map_take(Map *map, const char *key) {
    Entry *entry = entry_find(map, key);
    return entry ? entry_take(map, entry) : NULL;
}

bool map_remove(Map *map, const char *key) {
    Entry *entry = entry_find(map, key);
    if (!entry)
        return false;
    void *value = entry_take(map, entry);
    if (map->free_value)
        map->free_value(value);
    return true;
}

size_t map_size(const Map *map) {
    return map ? map->n_live : 0;
}

bool map_next(const Map *map, size_t *iterator, const char **ret_key, void **ret_value) {
    for (; map && *iterator < map->n_used; (*iterator)++) {
        const Entry *entry = &map->entries[*iterator];
        if (!entry->key)
            continue;
        (*iterator)++;
        *ret_key = entry->key;
        *ret_value = entry->value;
        return true;
    }
    return false;
}

static int key_compare(const void *a, const void *b) {
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

int map_sorted_keys(const Map *map, const char ***ret_keys) {
    const char **keys = malloc((map_size(map) + 1) * sizeof(char *));
    if (!keys)
        return -ENOMEM;
    size_t n = 0;
    const char *key;
    _unused_ void *value;
    MAP_FOREACH (key, value, map)
        keys[n++] = key;
    keys[n] = NULL;
    qsort(keys, n, sizeof(char *), key_compare);
    *ret_keys = keys;
    return 0;
}
