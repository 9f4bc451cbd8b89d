#include "fleetctl/print/table.h"

#include <ctype.h>
#include <errno.h>
#include <libsmartcols.h>

struct Table {
    const char *const *headers;
    size_t n_columns;
    char **cells; /* row by row */
    size_t n_cells;
};

DEFINE_POINTER_CLEANUP(struct libscols_table, scols_unref_table)

Table *table_new(const char *const *headers) {
    Table *table = calloc(1, sizeof(Table));
    if (!table)
        return NULL;
    table->headers = headers;
    while (headers[table->n_columns])
        table->n_columns++;
    return table;
}

void table_free(Table *table) {
    if (!table)
        return;
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

static int cell_tidy(char **cell) {
    if (!*cell)
        return -ENOMEM;
    if (!**cell) {
        free(*cell);
        *cell = strdup("-");
        return *cell ? 0 : -ENOMEM;
    }
    for (char *p = *cell; *p; p++)
        if (iscntrl((unsigned char) *p))
            *p = ' ';
    return 0;
}

static void cells_free(char **cells, size_t n) {
    for (size_t i = 0; i < n; i++)
        free(TAKE_PTR(cells[i]));
}

int table_add_row_take(Table *table, char **cells) {
    char **grown = realloc(table->cells, (table->n_cells + table->n_columns) * sizeof(char *));
    int r = grown ? 0 : -ENOMEM;
    if (grown)
        table->cells = grown;
    for (size_t i = 0; i < table->n_columns && r >= 0; i++)
        r = cell_tidy(&cells[i]);
    if (r < 0) {
        cells_free(cells, table->n_columns);
        return r;
    }
    for (size_t i = 0; i < table->n_columns; i++)
        table->cells[table->n_cells++] = TAKE_PTR(cells[i]);
    return 0;
}

static char *header_format(const char *header) {
    char *upper = strdup(header);
    for (char *p = upper; p && *p; p++)
        *p = (char) toupper((unsigned char) *p);
    return upper;
}

static int print_tabs(const Table *table, bool with_headers, FILE *file) {
    for (size_t i = 0; with_headers && i < table->n_columns; i++) {
        _cleanup_free_ char *header = header_format(table->headers[i]);
        if (!header)
            return -ENOMEM;
        fprintf(file, "%s%c", header, i + 1 < table->n_columns ? '\t' : '\n');
    }
    for (size_t i = 0; i < table->n_cells; i++)
        fprintf(file, "%s%c", table->cells[i], (i + 1) % table->n_columns == 0 ? '\n' : '\t');
    return 0;
}

static int columns_add(const Table *table, struct libscols_table *aligned) {
    for (size_t i = 0; i < table->n_columns; i++) {
        _cleanup_free_ char *header = header_format(table->headers[i]);
        if (!header || !scols_table_new_column(aligned, header, 0, 0))
            return -ENOMEM;
    }
    return 0;
}

static int cells_add(const Table *table, struct libscols_table *aligned) {
    struct libscols_line *line = NULL;
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t column = i % table->n_columns;
        if (column == 0)
            line = scols_table_new_line(aligned, NULL);
        int r = line ? scols_line_set_data(line, column, table->cells[i]) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

static int print_aligned(const Table *table, bool with_headers, FILE *file) {
    _cleanup_(scols_unref_tablep) struct libscols_table *aligned = scols_new_table();
    int r = aligned ? columns_add(table, aligned) : -ENOMEM;
    if (r >= 0)
        r = cells_add(table, aligned);
    if (r >= 0)
        r = scols_table_enable_noheadings(aligned, !with_headers);
    if (r >= 0)
        r = scols_table_set_column_separator(aligned, "  ");
    if (r >= 0)
        r = scols_table_set_stream(aligned, file);
    return r < 0 ? r : scols_print_table(aligned);
}

int table_print(const Table *table, TableStyle style, bool with_headers, FILE *file) {
    return style == TABLE_TABS ? print_tabs(table, with_headers, file)
                               : print_aligned(table, with_headers, file);
}
