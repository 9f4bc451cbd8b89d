#include "fleetctl/commands/list.h"

#include "fleetctl/print/table.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <unistd.h>

#define SHORT_HASH_LENGTH 7

char *list_format_hash(const char *hash, bool full) {
    return full ? strdup(hash) : strndup(hash, SHORT_HASH_LENGTH);
}

static int field_unknown(const List *list, const char *field, Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    for (const ListColumn *column = list->columns; column->name; column++)
        if (strv_push(&names, column->name) < 0)
            return -ENOMEM;
    _cleanup_free_ char *valid = strv_join(names, ", ");
    return error_set(reterr, -EINVAL, "--fields: unknown field '%s'; there are %s", field,
                     str_or(valid, ""));
}

static const ListColumn *column_find(const List *list, const char *name) {
    for (const ListColumn *column = list->columns; column->name; column++)
        if (streq(column->name, name))
            return column;
    return NULL;
}

static int columns_default(const List *list, const ListColumn ***ret) {
    const ListColumn **columns = calloc(list->n_default + 1, sizeof(ListColumn *));
    if (!columns)
        return -ENOMEM;
    for (size_t i = 0; i < list->n_default; i++)
        columns[i] = &list->columns[i];
    *ret = columns;
    return 0;
}

int list_choose_columns(const List *list, const char *fields, const ListColumn ***ret,
                        Error *reterr) {
    _cleanup_(strv_freep) char **names = NULL;
    if (!fields)
        return columns_default(list, ret);
    int r = strv_split(fields, ", ", &names);
    if (r < 0)
        return r;
    if (!*names)
        return field_unknown(list, fields, reterr);
    _cleanup_free_ const ListColumn **columns =
        calloc(strv_length(names) + 1, sizeof(ListColumn *));
    if (!columns)
        return -ENOMEM;
    for (size_t i = 0; names[i]; i++) {
        columns[i] = column_find(list, names[i]);
        if (!columns[i])
            return field_unknown(list, names[i], reterr);
    }
    *ret = TAKE_PTR(columns);
    return 0;
}

static size_t columns_count(const ListColumn *const *columns) {
    size_t n = 0;
    while (columns[n])
        n++;
    return n;
}

static int row_add(const Context *context, const ListColumn *const *columns, const void *object,
                   Table *table) {
    size_t n = columns_count(columns);
    _cleanup_free_ char **cells = calloc(n + 1, sizeof(char *));
    if (!cells)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        cells[i] = columns[i]->cell(context, object);
    return table_add_row_take(table, cells);
}

static int table_print_list(const Context *context, const Table *table) {
    TableStyle style = isatty(STDOUT_FILENO) ? TABLE_ALIGNED : TABLE_TABS;
    return table_print(table, style, !context->options->no_legend, stdout);
}

/* Objects are read into one array, so that they can be sorted; they borrow from the JSON array. */
static int objects_read(const List *list, json_object *array, void **ret_objects, Error *reterr) {
    size_t n = json_object_array_length(array);
    _cleanup_free_ char *objects = calloc(n + 1, list->object_size);
    if (!objects)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int r = list->read(json_object_array_get_idx(array, i), objects + i * list->object_size,
                           reterr);
        if (r < 0)
            return error_prefix(reterr, r, "Bad answer from fleetd");
    }
    qsort(objects, n, list->object_size, list->compare);
    *ret_objects = TAKE_PTR(objects);
    return 0;
}

static int table_fill(const Context *context, const List *list, const ListColumn *const *columns,
                      Table *table, Error *reterr) {
    _cleanup_json_ json_object *array = NULL;
    _cleanup_free_ void *objects = NULL;
    int r = api_list(context->api, list->resource, &array, reterr);
    if (r >= 0)
        r = objects_read(list, array, &objects, reterr);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++)
        r = row_add(context, columns, (char *) objects + i * list->object_size, table);
    return r;
}

static int headers_new(const ListColumn *const *columns, const char ***ret) {
    size_t n = columns_count(columns);
    const char **headers = calloc(n + 1, sizeof(char *));
    if (!headers)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        headers[i] = columns[i]->name;
    *ret = headers;
    return 0;
}

int list_run(const Context *context, const List *list, Error *reterr) {
    _cleanup_free_ const ListColumn **columns = NULL;
    _cleanup_free_ const char **headers = NULL;
    int r = list_choose_columns(list, context->options->fields, &columns, reterr);
    if (r >= 0)
        r = headers_new(columns, &headers);
    if (r < 0)
        return r;
    _cleanup_(table_freep) Table *table = table_new(headers);
    r = table ? table_fill(context, list, columns, table, reterr) : -ENOMEM;
    return r < 0 ? r : table_print_list(context, table);
}
