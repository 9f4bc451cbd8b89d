#include "fleetd/net/http-errors.h"

#include "fleetd/base/macros.h"

#include <errno.h>

static const struct {
    CURLcode code;
    int error;
} curl_errors[] = {
    {CURLE_OK, 0},
    {CURLE_OUT_OF_MEMORY, -ENOMEM},
    {CURLE_URL_MALFORMAT, -EINVAL},
    {CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH},
    {CURLE_COULDNT_CONNECT, -EHOSTUNREACH},
    {CURLE_OPERATION_TIMEDOUT, -EHOSTUNREACH}, /* connecting; the whole is timed without curl */
    {CURLE_GOT_NOTHING, -ECONNRESET},
    {CURLE_SEND_ERROR, -ECONNRESET},
    {CURLE_ABORTED_BY_CALLBACK, -ECONNRESET},
    {CURLE_RECV_ERROR, -ECONNRESET},
    {CURLE_PARTIAL_FILE, -ECONNRESET},
    {CURLE_PEER_FAILED_VERIFICATION, -EACCES},
    {CURLE_SSL_CACERT_BADFILE, -EACCES},
    {CURLE_SSL_CERTPROBLEM, -EACCES},
    {CURLE_SSL_ISSUER_ERROR, -EACCES},
};

static const int connect_errors[] = {ECONNREFUSED, ETIMEDOUT,     ECONNRESET, EHOSTUNREACH,
                                     ENETUNREACH,  EADDRNOTAVAIL, ENOENT,     EACCES};

int http_error_from_curl(CURLcode code, long os_errno) {
    if (code == CURLE_COULDNT_CONNECT)
        for (size_t i = 0; i < ELEMENTSOF(connect_errors); i++)
            if (connect_errors[i] == os_errno)
                return -connect_errors[i];
    for (size_t i = 0; i < ELEMENTSOF(curl_errors); i++)
        if (curl_errors[i].code == code)
            return curl_errors[i].error;
    return -EPROTO;
}
