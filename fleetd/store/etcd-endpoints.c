#include "fleetd/store/etcd-endpoints.h"

#include "fleetd/base/strv.h"

#include <curl/curl.h>
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

static void curl_freep(char **part) {
    curl_free(*part);
}

static void url_done(CURLU **url) {
    curl_url_cleanup(*url);
}

/* 1: the URL has that part; 0: not. */
static int url_get(CURLU *url, CURLUPart part, char **ret) {
    CURLUcode code = curl_url_get(url, part, ret, 0);
    return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : code == CURLUE_OK && **ret != '\0';
}

/* Host and port alone: what else a URL may have, etcd has no use for. */
static int url_check_parts(CURLU *url, bool *ret_is_good) {
    _cleanup_(curl_freep) char *path = NULL, *port = NULL;
    int r = url_get(url, CURLUPART_PATH, &path);
    if (r >= 0)
        r = url_get(url, CURLUPART_PORT, &port);
    if (r < 0)
        return r;
    *ret_is_good = strspn(path, "/") == strlen(path) && (!port || !streq(port, "0"));
    return 0;
}

int etcd_url_check(const char *text, Error *reterr) {
    /* The URL is not quoted where it may hold a password. */
    if (strchr(text, '@'))
        return error_set(reterr, -EINVAL,
                         "an etcd URL must not hold a user name or password (there are "
                         "etcd_username and etcd_password)");
    _cleanup_(url_done) CURLU *url = curl_url();
    if (!url)
        return -ENOMEM;
    bool is_http = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    bool has_more = strpbrk(text, "?#"); /* also with nothing behind: a path would follow it */
    bool is_good = false;
    CURLUcode code =
        is_http && !has_more ? curl_url_set(url, CURLUPART_URL, text, 0) : CURLUE_MALFORMED_INPUT;
    int r = code == CURLUE_OK              ? url_check_parts(url, &is_good)
            : code == CURLUE_OUT_OF_MEMORY ? -ENOMEM
                                           : 0;
    if (r < 0 || is_good)
        return r;
    return error_set(reterr, -EINVAL,
                     "'%s' is not of the form http://HOST:PORT or https://HOST:PORT", text);
}

static int endpoint_init(Endpoint *endpoint, const char *url, Error *reterr) {
    int r = etcd_url_check(url, reterr);
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
