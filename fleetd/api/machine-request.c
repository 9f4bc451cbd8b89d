#include "fleetd/api/machine-request.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/maintenance.h"

bool machine_id_is_refused(ApiExchange *exchange, const char *id) {
    _cleanup_error_ Error error = {};
    int r = machine_id_check(id, &error);
    if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    return r < 0;
}

int request_parse_object(const ApiExchange *exchange, json_object **ret, Error *reterr) {
    _cleanup_json_ json_object *body = NULL;
    int r = json_parse(exchange->body, exchange->body_size, &body, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "the body of the request");
    if (!json_object_is_type(body, json_type_object))
        return error_set(reterr, -EINVAL, "the body of the request is not a JSON object");
    *ret = TAKE_PTR(body);
    return 0;
}

int request_read_message(json_object *body, char **ret, Error *reterr) {
    const char *message = NULL;
    int r = json_get_string(body, "message", &message, reterr);
    if (r <= 0 || !*message)
        return MIN(r, 0);
    r = maintenance_message_check(message, reterr);
    return r < 0 ? r : str_replace(ret, message);
}
