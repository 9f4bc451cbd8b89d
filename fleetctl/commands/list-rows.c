#include "fleetctl/commands/list-rows.h"

#include "fleetctl/print/disarm.h"
#include "fleetctl/print/table.h"

#include <errno.h>

static size_t columns_count(const ListColumn *const *columns) {
    size_t n = 0;
    while (columns[n])
        n++;
    return n;
}

static int row_add(const Context *context, const ListRows *rows, const void *object, Table *table) {
    size_t n = columns_count(rows->columns);
    _cleanup_free_ char **cells = calloc(n + 1, sizeof(char *));
    if (!cells)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        cells[i] = rows->columns[i]->cell(context, object);
    return table_add_row_take(table, rows->list->tone(object), cells);
}

int list_rows_print_table(const Context *context, const ListRows *rows) {
    size_t n = columns_count(rows->columns);
    _cleanup_free_ TableColumn *columns = calloc(n + 1, sizeof(TableColumn));
    if (!columns)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        columns[i] = (TableColumn){rows->columns[i]->name, rows->columns[i]->is_toned};
    _cleanup_(table_freep) Table *table = table_new(columns);
    int r = table ? 0 : -ENOMEM;
    for (size_t i = 0; i < rows->n && r >= 0; i++)
        r = row_add(context, rows, list_row(rows, i), table);
    return r < 0 ? r : table_print(table, &context->look, !context->options->no_legend, stdout);
}

static int cell_add(const Context *context, const ListColumn *column, const void *object,
                    json_object *row) {
    if (column->value)
        return json_add_take(row, column->name, column->value(object));
    _cleanup_free_ char *cell = column->cell(context, object);
    if (!cell)
        return -ENOMEM;
    if (!*cell || streq(cell, "-"))
        return json_object_object_add(row, column->name, NULL) < 0 ? -ENOMEM : 0;
    return json_add_string(row, column->name, cell);
}

/* NULL when out of memory. */
static char *row_format(const Context *context, const ListRows *rows, const void *object) {
    _cleanup_json_ json_object *row = json_object_new_object();
    for (const ListColumn *const *column = rows->columns; row && *column; column++)
        if (cell_add(context, *column, object, row) < 0)
            return NULL;
    return row ? json_format(row) : NULL;
}

int list_rows_print_json(const Context *context, const ListRows *rows) {
    putchar('[');
    for (size_t i = 0; i < rows->n; i++) {
        _cleanup_free_ char *row = row_format(context, rows, list_row(rows, i));
        if (!row)
            return -ENOMEM;
        fputs(i > 0 ? ",\n" : "\n", stdout);
        json_print_disarmed(row, stdout);
    }
    puts(rows->n > 0 ? "\n]" : "]");
    return 0;
}
