/* The rows of a listing in their two forms, both of the same columns and cells. */
#pragma once

#include "fleetctl/commands/list.h"

typedef struct ListRows {
    const List *list;
    const ListColumn *const *columns; /* NULL-terminated */
    char *objects;                    /* of list->object_size each */
    size_t n;
} ListRows;

static inline const void *list_row(const ListRows *rows, size_t i) {
    return rows->objects + i * rows->list->object_size;
}

/* A table on standard output, as the context's look wants it. */
int list_rows_print_table(const Context *context, const ListRows *rows);

/* A JSON array of objects on standard output, one a line; the keys are the columns' names, and an
 * empty cell is null. */
int list_rows_print_json(const Context *context, const ListRows *rows);
