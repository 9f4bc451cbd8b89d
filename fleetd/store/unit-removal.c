#include "fleetd/store/unit-removal.h"

#include "fleetd/model/keys.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static int add_take(UnitRemoval *removal, StoreWriteKind kind, char *key) {
    if (!key)
        return -ENOMEM;
    removal->keys[removal->n] = key;
    removal->writes[removal->n++] = (StoreWrite){.kind = kind, .key = key};
    return 0;
}

int unit_removal_fill(const char *name, UnitRemoval *ret) {
    int r = add_take(ret, STORE_DELETE, key_unit(name));
    if (r >= 0)
        r = add_take(ret, STORE_DELETE_PREFIX, key_version_prefix(name));
    if (r >= 0)
        r = add_take(ret, STORE_DELETE_PREFIX, key_past_prefix(name));
    if (r >= 0)
        r = add_take(ret, STORE_DELETE, key_deployment(name));
    if (r >= 0 && unit_name_is_template(name))
        r = add_take(ret, STORE_DELETE, key_scale(name));
    return r;
}

void unit_removal_done(UnitRemoval *removal) {
    for (size_t i = 0; i < removal->n; i++)
        free(removal->keys[i]);
    *removal = (UnitRemoval){};
}
