#include "fleetctl/commands/list-rows.h"

#include "fleetctl/print/disarm.h"

#include <errno.h>

static size_t columns_count(const ListColumn *const *columns) {
    size_t n = 0;
    while (columns[n])
        n++;
    return n;
}

static int table_begin(ListRows *rows) {
    size_t n = columns_count(rows->columns);
    rows->table_columns = calloc(n + 1, sizeof(TableColumn));
    for (size_t i = 0; rows->table_columns && i < n; i++)
        rows->table_columns[i] = (TableColumn){rows->columns[i]->name, rows->columns[i]->is_toned};
    rows->table = rows->table_columns ? table_new(rows->table_columns) : NULL;
    return rows->table ? 0 : -ENOMEM;
}

int list_rows_init(const Context *context, const List *list, const ListColumn *const *columns,
                   bool is_json, ListRows *ret) {
    *ret = (ListRows){.context = context, .list = list, .columns = columns};
    if (!is_json)
        return table_begin(ret);
    ret->json = open_memstream(&ret->json_text, &ret->json_size);
    return ret->json ? 0 : -ENOMEM;
}

void list_rows_done(ListRows *rows) {
    table_free(rows->table);
    free(rows->table_columns);
    if (rows->json)
        (void) fclose(rows->json);
    free(rows->json_text);
    *rows = (ListRows){};
}

static int add_to_table(ListRows *rows, const void *object) {
    size_t n = columns_count(rows->columns);
    _cleanup_free_ char **cells = calloc(n + 1, sizeof(char *));
    if (!cells)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        cells[i] = rows->columns[i]->cell(rows->context, object);
    return table_add_row_take(rows->table, rows->list->tone(object), cells);
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
static char *row_format(const ListRows *rows, const void *object) {
    _cleanup_json_ json_object *row = json_object_new_object();
    for (const ListColumn *const *column = rows->columns; row && *column; column++)
        if (cell_add(rows->context, *column, object, row) < 0)
            return NULL;
    return row ? json_format(row) : NULL;
}

static int add_to_json(ListRows *rows, const void *object) {
    _cleanup_free_ char *row = row_format(rows, object);
    if (!row)
        return -ENOMEM;
    fputs(rows->n > 0 ? ",\n" : "\n", rows->json);
    json_print_disarmed(row, rows->json);
    return ferror(rows->json) ? -ENOMEM : 0;
}

int list_rows_add(ListRows *rows, const void *object) {
    int r = rows->json ? add_to_json(rows, object) : add_to_table(rows, object);
    if (r >= 0)
        rows->n++;
    return r;
}

static int json_print(ListRows *rows) {
    if (fflush(rows->json) != 0)
        return -ENOMEM;
    printf("[%s%s]\n", rows->json_text, rows->n > 0 ? "\n" : "");
    return 0;
}

int list_rows_print(ListRows *rows) {
    const Context *context = rows->context;
    return rows->json
               ? json_print(rows)
               : table_print(rows->table, &context->look, !context->options->no_legend, stdout);
}
