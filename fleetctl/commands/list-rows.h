/* The rows of a listing in their two forms, both of the same columns and cells. A row is made of an
 * object as soon as that is there, so that the object need not be kept. */
#pragma once

#include "fleetctl/commands/list.h"
#include "fleetctl/print/table.h"

typedef struct ListRows {
    const Context *context;
    const List *list;
    const ListColumn *const *columns; /* NULL-terminated, borrowed */
    TableColumn *table_columns;       /* of a table only */
    Table *table;
    FILE *json; /* writes to json_text; NULL: a table is wanted */
    char *json_text;
    size_t json_size;
    size_t n;
} ListRows;

int list_rows_init(const Context *context, const List *list, const ListColumn *const *columns,
                   bool is_json, ListRows *ret);
void list_rows_done(ListRows *rows);
#define _cleanup_list_rows_ _cleanup_(list_rows_done)

/* Adds the row of an object behind the others. */
int list_rows_add(ListRows *rows, const void *object);

/* Prints them on standard output: a table as the context's look wants it, or a JSON array of
 * objects, one a line; the keys are the columns' names, and an empty cell is null. */
int list_rows_print(ListRows *rows);
