#include "fleetctl/api/api-status.h"

#include "fleetctl/api/api-call.h"
#include "fleetctl/api/machine-names.h"
#include "fleetd/base/strv.h"

int api_get_status(ApiClient *client, json_object **ret, Error *reterr) {
    return api_get_take(client, api_path("status", NULL), ret, reterr);
}

int api_get_failover(ApiClient *client, json_object **ret, Error *reterr) {
    return api_get_take(client, api_path("failover", NULL), ret, reterr);
}

int64_t status_number(json_object *object, const char *name) {
    int64_t number = 0;
    if (object)
        (void) json_get_int(object, name, &number, NULL);
    return number;
}

bool status_flag(json_object *object, const char *name) {
    bool flag = false;
    return object && json_get_bool(object, name, &flag, NULL) > 0 && flag;
}

const char *status_text(json_object *object, const char *name) {
    const char *text = NULL;
    if (object)
        (void) json_get_string(object, name, &text, NULL);
    return text;
}

json_object *status_field(json_object *object, const char *name) {
    json_object *field = NULL;
    return object && json_object_object_get_ex(object, name, &field) ? field : NULL;
}

size_t status_length(json_object *object, const char *name) {
    json_object *list = status_field(object, name);
    return list && json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

json_object *status_item(json_object *object, const char *name, size_t i) {
    return json_object_array_get_idx(status_field(object, name), i);
}

char *status_machine(json_object *object, bool full) {
    const char *address = status_text(object, "primaryIP");
    _cleanup_free_ char *id =
        machine_id_shorten(str_or(status_text(object, "machineID"), ""), full);
    return id ? str_printf("%s%s%s", id, str_is_empty(address) ? "" : "/", str_or(address, ""))
              : NULL;
}
