#include "fleetctl/api/endpoint.h"

#include <ctype.h>
#include <errno.h>
#include <sys/un.h>

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *) NULL)->sun_path) - 1)

static int socket_endpoint_parse(const char *path, Endpoint *ret, Error *reterr) {
    if (path[0] != '/' || !path[1])
        return error_set(reterr, -EINVAL,
                         "a socket's path must be absolute, as in unix:///run/fleet.sock");
    if (strlen(path) > SOCKET_PATH_MAX)
        return error_set(reterr, -EINVAL, "a socket's path has at most %zu characters",
                         SOCKET_PATH_MAX);
    Endpoint endpoint = {.base_url = strdup("http://fleetd"), .unix_socket = strdup(path)};
    if (!endpoint.base_url || !endpoint.unix_socket) {
        endpoint_done(&endpoint);
        return -ENOMEM;
    }
    *ret = endpoint;
    return 0;
}

static int tcp_endpoint_parse(const char *url, const char *host, Endpoint *ret, Error *reterr) {
    if (!*host || strchr("/:?#", *host))
        return error_set(reterr, -EINVAL, "a host is missing");
    for (const char *p = host; *p; p++)
        if (!isgraph((unsigned char) *p) || strchr("?#@", *p))
            return error_set(reterr, -EINVAL, "'%c' has no place in it", *p);
    size_t length = strlen(url);
    while (url[length - 1] == '/')
        length--;
    char *base_url = strndup(url, length);
    if (!base_url)
        return -ENOMEM;
    *ret = (Endpoint){.base_url = base_url};
    return 0;
}

int endpoint_parse(const char *text, Endpoint *ret, Error *reterr) {
    static const char *const tcp_schemes[] = {"http://", "https://"};
    int r;
    if (strncmp(text, "unix://", strlen("unix://")) == 0) {
        r = socket_endpoint_parse(text + strlen("unix://"), ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", text) : 0;
    }
    for (size_t i = 0; i < ELEMENTSOF(tcp_schemes); i++) {
        size_t length = strlen(tcp_schemes[i]);
        if (strncmp(text, tcp_schemes[i], length) != 0)
            continue;
        r = tcp_endpoint_parse(text, text + length, ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", text) : 0;
    }
    return error_set(reterr, -EINVAL, "'%s' must begin with unix://, http:// or https://", text);
}

void endpoint_done(Endpoint *endpoint) {
    free(endpoint->base_url);
    free(endpoint->unix_socket);
    *endpoint = (Endpoint){};
}
