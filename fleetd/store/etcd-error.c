#include "fleetd/store/etcd-error.h"

#include "fleetd/model/text.h"

#include <errno.h>

/* The words come first: some codes stand for several things that fleet tells apart. */
static const struct {
    const char *words;
    int error;
} known_words[] = {
    {"lease not found", -ENOKEY},
    {"has been compacted", -ESTALE},
    {"future revision", -ESTALE}, /* asked with what was learnt before the store lost its data */
    {"too many operations", -E2BIG},
    {"request is too large", -E2BIG},
    {"larger than max", -E2BIG},
    {"no leader", -EHOSTUNREACH},
    {"leader changed", -EHOSTUNREACH},
    {"database space exceeded", -ENOSPC},
    /* Of the token that came with the request, or did not: the request was not carried out. */
    {"invalid auth token", -EKEYEXPIRED},
    {"revision of auth store is old", -EKEYEXPIRED},
    {"user name is empty", -EKEYEXPIRED},
    {"permission denied", -EACCES},
    /* Of a login. */
    {"authentication failed", -EKEYREJECTED},
    {"authentication is not enabled", -EOPNOTSUPP},
};

static const int grpc_codes[] = {
    [1] = -EHOSTUNREACH,  /* cancelled: the member is going down */
    [3] = -EINVAL,        /* invalid argument */
    [4] = -ETIMEDOUT,     /* deadline exceeded */
    [7] = -EACCES,        /* permission denied */
    [8] = -EHOSTUNREACH,  /* resource exhausted: too many requests */
    [14] = -EHOSTUNREACH, /* unavailable */
    [16] = -EACCES,       /* unauthenticated */
};

int etcd_error_number(const char *message, int64_t code) {
    for (size_t i = 0; i < ELEMENTSOF(known_words); i++)
        if (strstr(message, known_words[i].words))
            return known_words[i].error;
    /* A server's time out has the code of unavailability, but then a write may yet be done. */
    if (strstr(message, "timed out"))
        return -ETIMEDOUT;
    if (code > 0 && (size_t) code < ELEMENTSOF(grpc_codes) && grpc_codes[code] < 0)
        return grpc_codes[code];
    return -EPROTO;
}

int etcd_error_tell(Error *reterr, int r, const char *words) {
    _cleanup_free_ char *printable = text_to_printable(words);
    return str_is_empty(printable) ? r : error_set(reterr, r, "%s", printable);
}

/* In a stream: {"error":{"grpc_code":14,"message":"..."}}. */
static int stream_error(json_object *error, Error *reterr) {
    const char *message = "";
    int64_t code = 0;
    (void) json_get_string(error, "message", &message, NULL);
    (void) json_get_int(error, "grpc_code", &code, NULL);
    return etcd_error_tell(reterr, etcd_error_number(message, code), message);
}

int etcd_error_find(json_object *answer, Error *reterr) {
    json_object *error = NULL;
    const char *message = NULL;
    int64_t code = 0;
    if (json_get_object(answer, "error", &error, NULL) > 0)
        return stream_error(error, reterr);
    if (json_get_string(answer, "error", &message, NULL) <= 0)
        return 0;
    (void) json_get_string(answer, "message", &message, NULL);
    (void) json_get_int(answer, "code", &code, NULL);
    return etcd_error_tell(reterr, etcd_error_number(message, code), message);
}
