#include "fleetd/api/list-page.h"

#include "fleetd/api/page.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* A page is made and kept whole, for each client that asks: it ends early where units are huge. */
#define PAGE_BYTES_MAX ((size_t) 4 * 1024 * 1024)

/* Also there, so that a client can ask for the next page before it reads this one. */
#define NEXT_PAGE_HEADER "X-Fleet-Next-Page"

/* The first letter of the field tells the lists apart. */
static int token_read(ApiExchange *exchange, char kind, char **ret, Error *reterr) {
    _cleanup_free_ char *token = NULL;
    if (query_count(exchange, "nextPageToken") > 1)
        return error_set(reterr, -EINVAL, "nextPageToken is given more than once");
    int r = query_get(exchange, "nextPageToken", &token);
    if (r < 0 || str_is_empty(token))
        return r;
    return page_token_parse(kind, token, ret, reterr);
}

int list_page_begin(ListPage *page, Api *api, ApiExchange *exchange, const char *field) {
    _cleanup_error_ Error error = {};
    *page = (ListPage){.exchange = exchange, .field = field, .max = api->options.page_size};
    int r = token_read(exchange, *field, &page->after, &error);
    if (r >= 0 && !(page->entries = json_object_new_array()))
        r = -ENOMEM;
    if (r == -EINVAL)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else if (r < 0)
        answer_no_memory(exchange);
    return r;
}

bool list_page_has_room(ListPage *page) {
    page->has_more =
        json_object_array_length(page->entries) >= page->max || page->n_bytes >= PAGE_BYTES_MAX;
    return !page->has_more;
}

int list_page_add_take(ListPage *page, const char *name, json_object *entry) {
    int r = json_array_add_take(page->entries, entry);
    return r < 0 ? r : str_replace(&page->last, name);
}

static json_object *page_to_json(ListPage *page) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_take(object, page->field, TAKE_PTR(page->entries)) < 0)
        return NULL;
    if (!page->has_more)
        return TAKE_PTR(object);
    _cleanup_free_ char *token = page_token_format(*page->field, page->last);
    if (!token || json_add_string(object, "nextPageToken", token) < 0 ||
        page->exchange->vtable->add_header(page->exchange, NEXT_PAGE_HEADER, token) < 0)
        return NULL;
    return TAKE_PTR(object);
}

void list_page_answer(ListPage *page, int r, int64_t revision) {
    answer_object_take(page->exchange, r < 0 ? NULL : page_to_json(page), revision);
}

void list_page_done(ListPage *page) {
    json_object_put(page->entries);
    free(page->after);
    free(page->last);
    *page = (ListPage){};
}
