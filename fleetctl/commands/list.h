/* What the list commands have in common: columns by name, chosen with --fields, and cells made from
 * the objects of the API. */
#pragma once

#include "fleetctl/api/api-requests.h"
#include "fleetctl/commands/command.h"

typedef struct ListColumn {
    const char *name;
    /* What stands there for an object; "" if nothing. NULL when out of memory; the caller frees. */
    char *(*cell)(const Context *context, const void *object);
} ListColumn;

typedef struct List {
    ApiResource resource;
    const ListColumn
        *columns; /* up to one without a name; the first n_default of them are shown by default */
    size_t n_default;
    /* Reads an object of the resource into memory of object_size bytes. */
    int (*read)(json_object *json, void *ret, Error *reterr);
    size_t object_size;
    int (*compare)(const void *a, const void *b); /* the order of rows */
} List;

/* The columns that a comma-separated list names, in its order; fields NULL: the default ones.
 * NULL-terminated; the caller frees the array only. -EINVAL names the field that there is not, and
 * those that there are. Pure. */
int list_choose_columns(const List *list, const char *fields, const ListColumn ***ret,
                        Error *reterr);

/* Fetches and prints. Result as of a CommandRun. */
int list_run(const Context *context, const List *list, Error *reterr);

/* The first digits of a hash, or all. NULL when out of memory; the caller frees. */
char *list_format_hash(const char *hash, bool full);
