/* Rows under headers: aligned for people, with a mark before each row that has a tone; for scripts
 * separated by single tabs, where they cut them. */
#pragma once

#include "fleetctl/print/look.h"

typedef struct Table Table;

typedef struct TableColumn {
    const char *name;
    bool is_toned; /* cells have the colour of their row's tone */
} TableColumn;

/* columns ends with one without a name, and is borrowed; the headers are the names in upper case.
 * NULL when out of memory. */
Table *table_new(const TableColumn *columns);
void table_free(Table *table);
DEFINE_POINTER_CLEANUP(Table, table_free)

/* Adds a row of as many cells as there are columns; takes them over, also on failure. "" is shown
 * as "-", and white space other than a space as a space. A NULL cell is -ENOMEM, so that creation
 * needs no check. */
int table_add_row_take(Table *table, Tone tone, char **cells);

int table_print(const Table *table, const Look *look, bool with_headers, FILE *file);
