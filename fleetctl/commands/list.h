/* What the list commands have in common: objects of the API become rows, which operands and flags
 * choose, with columns by name, printed as a table or as JSON. */
#pragma once

#include "fleetctl/api/api-list.h"
#include "fleetctl/api/api-objects.h"
#include "fleetctl/commands/command.h"

typedef struct ListColumn {
    const char *name;
    /* What stands there for an object; "" if nothing. NULL when out of memory; the caller frees. */
    char *(*cell)(const Context *context, const void *object);
    /* The value in JSON, NULL when out of memory; without it, the cell as a string. */
    json_object *(*value)(const void *object);
    bool is_toned; /* has the colour of its row */
} ListColumn;

typedef struct List {
    ApiResource resource;
    const ListColumn
        *columns; /* up to one without a name; the first n_default of them are shown by default */
    size_t n_default;
    /* Reads an object of the resource into memory of object_size bytes. */
    int (*read)(json_object *json, void *ret, Error *reterr);
    size_t object_size;
    int (*compare)(const void *a, const void *b); /* the order of rows of a page */
    Tone (*tone)(const void *object);
    bool (*is_meant)(const void *object, const char *operand);
    /* Whether it is no error that an operand means nothing. */
    bool (*operand_is_choice)(const char *operand);
    /* Says which of these operands, which mean none of the objects, name nothing that there is. 1:
     * some do not; 0: all do. */
    int (*complain_unknown)(const Context *context, char *const *operands, Error *reterr);
    /* Of --state: the words that there are, and whether one holds; NULL: no such flag. */
    const char *const *states;
    const char *states_hint; /* to whoever gave another word */
    bool (*has_state)(const void *object, const char *state);
    /* Of --machine: where an object is; "" when nowhere. NULL: no such flag. */
    const char *(*machine_id)(const void *object);
} List;

/* The columns that a comma-separated list names, in its order; fields NULL: the default ones.
 * NULL-terminated; the caller frees the array only. -EINVAL names the field that there is not, and
 * those that there are. Pure. */
int list_choose_columns(const List *list, const char *fields, const ListColumn ***ret,
                        Error *reterr);

/* Fetches, chooses and prints; without operands, whatever there is. Result as of a CommandRun. */
int list_run(const Context *context, const List *list, const char *const *operands, Error *reterr);

/* Prints these objects as list_run() does, all of them: of the list, only what tells how is used.
 */
int list_print(const Context *context, const List *list, json_object *array, Error *reterr);

/* For lists of units. */
int list_complain_unknown_units(const Context *context, char *const *operands, Error *reterr);

/* The first digits of a hash, or all. NULL when out of memory; the caller frees. */
char *list_format_hash(const char *hash, bool full);
