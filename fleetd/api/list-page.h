/* One page of a list, as it is filled and answered. */
#pragma once

#include "fleetd/api/context.h"

typedef struct ListPage {
    ApiExchange *exchange;
    const char *field; /* "units" */
    size_t max;
    size_t n_bytes; /* of the entries, about; kept by who knows that they may be large */
    char *after;    /* where the page begins: behind that name; NULL: at the first */
    json_object *entries;
    char *last; /* name of the last entry */
    bool has_more;
} ListPage;

/* 0, or negative: it has been answered (the token is bad), and there is nothing more to do. */
int list_page_begin(ListPage *page, Api *api, ApiExchange *exchange, const char *field);

/* Whether there is room for one more entry; asking says that there is one. */
bool list_page_has_room(ListPage *page);

/* entry NULL, or -ENOMEM: out of memory, which list_page_answer() then says. */
int list_page_add_take(ListPage *page, const char *name, json_object *entry);

/* r < 0: could not be filled. */
void list_page_answer(ListPage *page, int r, int64_t revision);
void list_page_done(ListPage *page);
#define _cleanup_list_page_ _cleanup_(list_page_done)
