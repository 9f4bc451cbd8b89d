/* Rows under headers: aligned for people, or separated by single tabs for scripts, which cut them
 * there. */
#pragma once

#include "fleetd/base/macros.h"

#include <stdio.h>

typedef struct Table Table;

/* headers is NULL-terminated and borrowed; they are shown in upper case. NULL when out of memory.
 */
Table *table_new(const char *const *headers);
void table_free(Table *table);
DEFINE_POINTER_CLEANUP(Table, table_free)

/* Adds a row of as many cells as there are headers; takes them over, also on failure. "" is shown
 * as "-", and white space other than a space as a space. A NULL cell is -ENOMEM, so that creation
 * needs no check. */
int table_add_row_take(Table *table, char **cells);

typedef enum TableStyle {
    TABLE_ALIGNED,
    TABLE_TABS,
} TableStyle;

int table_print(const Table *table, TableStyle style, bool with_headers, FILE *file);
