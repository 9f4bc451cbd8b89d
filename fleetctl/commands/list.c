#include "fleetctl/commands/list.h"

#include "fleetctl/commands/list-filter.h"
#include "fleetctl/commands/list-rows.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/strv.h"

#include <errno.h>

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

int list_complain_unknown_units(const Context *context, char *const *operands, Error *reterr) {
    return units_complain_unknown(context->api, operands, reterr);
}

static int format_choose(const char *name, bool *ret_is_json, Error *reterr) {
    *ret_is_json = streq(str_or(name, "table"), "json");
    if (*ret_is_json || streq(str_or(name, "table"), "table"))
        return 0;
    return error_set(reterr, -EINVAL, "--output: unknown format '%s'; there are table and json",
                     name);
}

static int form_choose(const Context *context, const List *list, const ListColumn ***ret_columns,
                       bool *ret_is_json, Error *reterr) {
    int r = format_choose(context->options->output, ret_is_json, reterr);
    return r < 0 ? r : list_choose_columns(list, context->options->fields, ret_columns, reterr);
}

/* Objects are read into one piece of memory, so that they can be sorted; they borrow from the JSON
 * array. */
static int objects_read(const List *list, json_object *array, char **ret_objects, Error *reterr) {
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

/* Rows under way, and which objects become rows; filter NULL: all. */
typedef struct Listing {
    ListRows *rows;
    ListFilter *filter;
} Listing;

static int rows_add(json_object *array, void *userdata, Error *reterr) {
    const Listing *listing = userdata;
    const List *list = listing->rows->list;
    _cleanup_free_ char *objects = NULL;
    int r = objects_read(list, array, &objects, reterr);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
        const void *object = objects + i * list->object_size;
        if (!listing->filter || list_filter_matches(listing->filter, object))
            r = list_rows_add(listing->rows, object);
    }
    return r;
}

int list_print(const Context *context, const List *list, json_object *array, Error *reterr) {
    _cleanup_free_ const ListColumn **columns = NULL;
    _cleanup_list_rows_ ListRows rows = {};
    bool is_json = false;
    int r = form_choose(context, list, &columns, &is_json, reterr);
    if (r >= 0)
        r = list_rows_init(context, list, columns, is_json, &rows);
    if (r >= 0)
        r = rows_add(array, &(Listing){&rows, NULL}, reterr);
    return r < 0 ? r : list_rows_print(&rows);
}

int list_run(const Context *context, const List *list, const char *const *operands, Error *reterr) {
    _cleanup_free_ const ListColumn **columns = NULL;
    _cleanup_list_filter_ ListFilter filter = {};
    _cleanup_list_rows_ ListRows rows = {};
    bool is_json = false;
    int r = form_choose(context, list, &columns, &is_json, reterr);
    if (r >= 0)
        r = list_filter_init(context, list, operands, &filter, reterr);
    if (r >= 0)
        r = list_rows_init(context, list, columns, is_json, &rows);
    if (r >= 0)
        r = api_list_pages(context->api, list->resource, rows_add, &(Listing){&rows, &filter},
                           reterr);
    int status = r < 0 ? r : list_filter_check_operands(&filter, context, reterr);
    if (status < 0)
        return status;
    r = list_rows_print(&rows);
    return r < 0 ? r : status;
}
