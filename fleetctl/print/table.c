#include "fleetctl/print/table.h"

#include "fleetctl/print/disarm.h"

#include <ctype.h>
#include <errno.h>
#include <libsmartcols.h>

struct Table {
    const TableColumn *columns;
    size_t n_columns, n_rows;
    char **cells; /* row by row */
    Tone *tones;  /* one a row */
    bool has_tones;
};

DEFINE_POINTER_CLEANUP(struct libscols_table, scols_unref_table)

Table *table_new(const TableColumn *columns) {
    Table *table = calloc(1, sizeof(Table));
    if (!table)
        return NULL;
    table->columns = columns;
    while (columns[table->n_columns].name)
        table->n_columns++;
    return table;
}

void table_free(Table *table) {
    if (!table)
        return;
    for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->tones);
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
    text_disarm(*cell, ' ', "");
    return 0;
}

static void cells_free(char **cells, size_t n) {
    for (size_t i = 0; i < n; i++)
        free(TAKE_PTR(cells[i]));
}

static int row_reserve(Table *table) {
    char **cells =
        reallocarray(table->cells, (table->n_rows + 1) * table->n_columns, sizeof(char *));
    if (!cells)
        return -ENOMEM;
    table->cells = cells;
    Tone *tones = reallocarray(table->tones, table->n_rows + 1, sizeof(Tone));
    if (!tones)
        return -ENOMEM;
    table->tones = tones;
    return 0;
}

int table_add_row_take(Table *table, Tone tone, char **cells) {
    int r = row_reserve(table);
    for (size_t i = 0; i < table->n_columns && r >= 0; i++)
        r = cell_tidy(&cells[i]);
    if (r < 0) {
        cells_free(cells, table->n_columns);
        return r;
    }
    for (size_t i = 0; i < table->n_columns; i++)
        table->cells[table->n_rows * table->n_columns + i] = TAKE_PTR(cells[i]);
    table->tones[table->n_rows++] = tone;
    table->has_tones |= tone != TONE_PLAIN;
    return 0;
}

static const char *table_cell(const Table *table, size_t row, size_t column) {
    return table->cells[row * table->n_columns + column];
}

static char *header_format(const char *header) {
    char *upper = strdup(header);
    for (char *p = upper; p && *p; p++)
        *p = (char) toupper((unsigned char) *p);
    return upper;
}

static int print_tabs(const Table *table, bool with_headers, FILE *file) {
    for (size_t i = 0; with_headers && i < table->n_columns; i++) {
        _cleanup_free_ char *header = header_format(table->columns[i].name);
        if (!header)
            return -ENOMEM;
        fprintf(file, "%s%c", header, i + 1 < table->n_columns ? '\t' : '\n');
    }
    for (size_t row = 0; row < table->n_rows; row++)
        for (size_t i = 0; i < table->n_columns; i++)
            fprintf(file, "%s%c", table_cell(table, row, i),
                    i + 1 < table->n_columns ? '\t' : '\n');
    return 0;
}

static int columns_add(const Table *table, struct libscols_table *aligned) {
    if (table->has_tones && !scols_table_new_column(aligned, "", 0, 0))
        return -ENOMEM;
    for (size_t i = 0; i < table->n_columns; i++) {
        _cleanup_free_ char *header = header_format(table->columns[i].name);
        if (!header || !scols_table_new_column(aligned, header, 0, 0))
            return -ENOMEM;
    }
    return 0;
}

/* Sets the next cell of a line. */
static int cell_set(struct libscols_line *line, size_t *position, const char *text,
                    const char *color) {
    struct libscols_cell *cell = scols_line_get_cell(line, (*position)++);
    int r = cell ? scols_cell_set_data(cell, text) : -ENOMEM;
    return r >= 0 && *color ? scols_cell_set_color(cell, color) : r;
}

static int row_add(const Table *table, size_t row, const Look *look,
                   struct libscols_table *aligned) {
    struct libscols_line *line = scols_table_new_line(aligned, NULL);
    Tone tone = table->tones[row];
    const char *color = look_color(look, tone);
    size_t position = 0;
    int r = line ? 0 : -ENOMEM;
    if (r >= 0 && table->has_tones)
        r = cell_set(line, &position, look_mark(look, tone), color);
    for (size_t i = 0; i < table->n_columns && r >= 0; i++)
        r = cell_set(line, &position, table_cell(table, row, i),
                     table->columns[i].is_toned ? color : "");
    return r;
}

static int print_aligned(const Table *table, const Look *look, bool with_headers, FILE *file) {
    _cleanup_(scols_unref_tablep) struct libscols_table *aligned = scols_new_table();
    int r = aligned ? columns_add(table, aligned) : -ENOMEM;
    for (size_t row = 0; row < table->n_rows && r >= 0; row++)
        r = row_add(table, row, look, aligned);
    if (r >= 0)
        r = scols_table_enable_noheadings(aligned, !with_headers);
    if (r >= 0)
        r = scols_table_enable_colors(aligned, look->has_color);
    if (r >= 0)
        r = scols_table_set_column_separator(aligned, "  ");
    if (r >= 0)
        r = scols_table_set_stream(aligned, file);
    return r < 0 ? r : scols_print_table(aligned);
}

int table_print(const Table *table, const Look *look, bool with_headers, FILE *file) {
    return look->is_for_people ? print_aligned(table, look, with_headers, file)
                               : print_tabs(table, with_headers, file);
}
