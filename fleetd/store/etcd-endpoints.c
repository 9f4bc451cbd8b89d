#include "fleetd/store/etcd-endpoints.h"

#include "fleetd/base/strv.h"

#include <ctype.h>
#include <errno.h>

#define ASIDE_MIN_USEC (1 * USEC_PER_SEC)
#define ASIDE_MAX_USEC (10 * USEC_PER_SEC)

typedef struct Endpoint {
    char *url;
    unsigned n_failures; /* since it last answered; those of one time aside count once */
    usec_t failed_at;
    usec_t aside_until;
} Endpoint;

struct EtcdEndpoints {
    Endpoint *list;
    size_t n;
    size_t preferred;
};

static int url_check(const char *url, Error *reterr) {
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : NULL;
    /* The URL is not quoted where it may hold a password. */
    if (strchr(url, '@'))
        return error_set(reterr, -EINVAL, "an etcd URL must not hold a user name or password");
    if (!host || *host == '\0' || *host == '/')
        return error_set(reterr, -EINVAL, "'%s' is not a URL like http://127.0.0.1:2379", url);
    for (const char *c = host; *c; c++)
        if (!isgraph((unsigned char) *c) || strchr("?#\"'", *c))
            return error_set(reterr, -EINVAL, "'%s' is not a URL of host and port alone", url);
    size_t length = strcspn(host, "/");
    if (strspn(host + length, "/") != strlen(host + length))
        return error_set(reterr, -EINVAL, "'%s' is not a URL of host and port alone", url);
    return 0;
}

static int endpoint_init(Endpoint *endpoint, const char *url, Error *reterr) {
    int r = url_check(url, reterr);
    if (r < 0)
        return r;
    endpoint->url = strdup(url);
    if (!endpoint->url)
        return -ENOMEM;
    for (size_t n = strlen(url); endpoint->url[n - 1] == '/'; n--)
        endpoint->url[n - 1] = '\0';
    return 0;
}

int etcd_endpoints_new(char *const *urls, EtcdEndpoints **ret, Error *reterr) {
    _cleanup_(etcd_endpoints_freep) EtcdEndpoints *endpoints = calloc(1, sizeof(*endpoints));
    size_t n = strv_length(urls);
    if (n == 0)
        return error_set(reterr, -EINVAL, "no etcd URL is given");
    if (!endpoints)
        return -ENOMEM;
    endpoints->list = calloc(n, sizeof(*endpoints->list));
    if (!endpoints->list)
        return -ENOMEM;
    STRV_FOREACH (url, urls) {
        int r = endpoint_init(&endpoints->list[endpoints->n++], *url, reterr);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(endpoints);
    return 0;
}

void etcd_endpoints_free(EtcdEndpoints *endpoints) {
    if (!endpoints)
        return;
    for (size_t i = 0; i < endpoints->n; i++)
        free(endpoints->list[i].url);
    free(endpoints->list);
    free(endpoints);
}

size_t etcd_endpoints_size(const EtcdEndpoints *endpoints) {
    return endpoints->n;
}

const char *etcd_endpoints_url(const EtcdEndpoints *endpoints, size_t index) {
    return endpoints->list[index].url;
}

size_t etcd_endpoints_preferred(const EtcdEndpoints *endpoints) {
    return endpoints->preferred;
}

bool etcd_endpoints_succeeded(EtcdEndpoints *endpoints, size_t index) {
    Endpoint *endpoint = &endpoints->list[index];
    bool is_news = endpoint->n_failures > 0;
    endpoint->n_failures = 0;
    endpoint->aside_until = 0;
    return is_news;
}

static size_t choose_next(const EtcdEndpoints *endpoints, usec_t now) {
    size_t best = endpoints->preferred;
    for (size_t step = 1; step < endpoints->n; step++) {
        size_t i = (endpoints->preferred + step) % endpoints->n;
        if (endpoints->list[i].aside_until <= now)
            return i;
        if (endpoints->list[i].failed_at < endpoints->list[best].failed_at)
            best = i;
    }
    return best;
}

bool etcd_endpoints_failed(EtcdEndpoints *endpoints, size_t index, usec_t now) {
    Endpoint *endpoint = &endpoints->list[index];
    bool is_news = endpoint->n_failures == 0;
    /* Many requests fail together with one member: that is one failure. */
    if (endpoint->aside_until <= now) {
        usec_t aside = ASIDE_MIN_USEC << MIN(endpoint->n_failures, 8u);
        endpoint->aside_until = now + MIN(aside, ASIDE_MAX_USEC);
        endpoint->n_failures++;
    }
    endpoint->failed_at = now;
    if (index == endpoints->preferred)
        endpoints->preferred = choose_next(endpoints, now);
    return is_news;
}
