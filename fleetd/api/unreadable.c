/* GET /unreadable: the keys of the store whose values cannot be read (docs/architecture.md,
 * "Garbage"). Whoever wants to have all that there is learns so what the other lists leave out. */
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"
#include "fleetd/base/json.h"

static json_object *key_to_json(const char *key) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "key", key) < 0)
        return NULL;
    return TAKE_PTR(object);
}

void unreadable_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    _cleanup_free_ const char **keys = NULL;
    size_t n_keys = 0;
    if (list_page_begin(&page, api, exchange, "unreadable") < 0)
        return;
    int r = view_unreadable_keys(view, &keys, &n_keys);
    for (size_t i = r < 0 ? 0 : names_after(keys, n_keys, page.after); r >= 0 && i < n_keys; i++) {
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, keys[i], key_to_json(keys[i]));
    }
    list_page_answer(&page, r, view_revision(view));
}
