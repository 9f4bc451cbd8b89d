#include "fleetd/store/etcd-error.h"

#include "fleetd/model/text.h"
#include "fleetd/store/grpc.h"

#include <ctype.h>
#include <errno.h>

#define ERROR_TEXT_MAX 120

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

/* Whoever answers with another status than 200 is no etcd: text for people, or a page of somebody
 * else's. Its first line, if that is plain. */
static int text_length(const H2Answer *answer) {
    size_t n = 0;
    while (n < answer->body_size && n < ERROR_TEXT_MAX && isprint((unsigned char) answer->body[n]))
        n++;
    return *answer->body == '<' ? 0 : (int) n;
}

static int http_status_error(const H2Answer *answer, Error *reterr) {
    unsigned status = answer->status;
    int length = text_length(answer);
    int r = status == 401 || status == 403   ? -EACCES
            : status >= 502 && status <= 504 ? -EHOSTUNREACH
                                             : -EPROTO;
    return error_set(reterr, r, "HTTP status %u%s%.*s", status, length > 0 ? ": " : "", length,
                     answer->body);
}

int etcd_error_check(const H2Answer *answer, Error *reterr) {
    _cleanup_(grpc_status_done) GrpcStatus status = {};
    if (answer->status != 200)
        return http_status_error(answer, reterr);
    int r = grpc_status_get(answer, &status);
    if (r == -EPROTO)
        return error_set(reterr, r, "the answer is none of gRPC's");
    if (r < 0 || status.code == 0)
        return r;
    return etcd_error_tell(reterr, etcd_error_number(status.message, status.code), status.message);
}
