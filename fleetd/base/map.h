/* The one map: string keys to pointers. It keeps the order of insertion, so that walking it is the
 * same in every run with the same history: no decision may depend on where a hash happens to fall.
 */
#pragma once

#include "fleetd/base/macros.h"

typedef struct Map Map;
typedef void (*MapFreeValue)(void *value);

/* free_value (may be NULL) is called for each value that the map drops. NULL when out of memory. */
Map *map_new(MapFreeValue free_value);
void map_free(Map *map);
DEFINE_POINTER_CLEANUP(Map, map_free)

/* Copies the key and takes over the value; an old value under that key is freed. 1: added, 0:
 * replaced, -ENOMEM: nothing changed and the value is still the caller's. */
int map_put(Map *map, const char *key, void *value);

/* Where the value under that key stands, made as NULL if there is none: for values that are looked
 * at and changed. Valid until a key is added. NULL when out of memory. */
void **map_place(Map *map, const char *key);

/* NULL when absent; map may be NULL. */
void *map_get(const Map *map, const char *key);
bool map_has(const Map *map, const char *key);

/* The map's own copy of the key, to be borrowed as long as the entry lives; NULL when absent. */
const char *map_get_key(const Map *map, const char *key);

/* Takes the value out and gives it to the caller; NULL when absent. */
void *map_take(Map *map, const char *key);

/* Removes and frees the value. true: it was there. */
bool map_remove(Map *map, const char *key);
void map_clear(Map *map);

size_t map_size(const Map *map);

/* Steps through the entries in order of insertion; start with *iterator = 0. Removing entries on
 * the way is allowed, adding is not. */
bool map_next(const Map *map, size_t *iterator, const char **ret_key, void **ret_value);

#define MAP_FOREACH(key, value, map) \
    for (size_t _iterator = 0; map_next((map), &_iterator, &(key), (void **) &(value));)

/* A NULL-terminated array of the keys in strcmp() order, borrowed from the map; the caller frees
 * the array only. */
int map_sorted_keys(const Map *map, const char ***ret_keys);
