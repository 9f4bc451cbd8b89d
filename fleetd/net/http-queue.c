#include "fleetd/net/http-queue.h"

#include <errno.h>

struct HttpHost {
    char *name;
    unsigned n_in_turn;
    TAILQ_HEAD(, HttpRequest) waiting;
};

static void host_free(void *value) {
    HttpHost *host = value;
    free(host->name);
    free(host);
}

int http_queue_init(HttpQueue *queue, unsigned max) {
    queue->max = max;
    queue->hosts = map_new(host_free);
    return queue->hosts ? 0 : -ENOMEM;
}

void http_queue_done(HttpQueue *queue) {
    map_free(TAKE_PTR(queue->hosts));
}

/* Scheme, host and port. */
static char *url_get_host(const char *url) {
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return strndup(url, (size_t) (host - url) + strcspn(host, "/?#"));
}

static HttpHost *host_new(HttpQueue *queue, char *name_take) {
    HttpHost *host = calloc(1, sizeof(*host));
    if (!host) {
        free(name_take);
        return NULL;
    }
    host->name = name_take;
    TAILQ_INIT(&host->waiting);
    if (map_put(queue->hosts, host->name, host) < 0) {
        host_free(host);
        return NULL;
    }
    return host;
}

static HttpHost *queue_get_host(HttpQueue *queue, const char *url) {
    char *name = url_get_host(url);
    if (!name)
        return NULL;
    HttpHost *host = map_get(queue->hosts, name);
    if (!host)
        return host_new(queue, name);
    free(name);
    return host;
}

int http_queue_enter(HttpQueue *queue, HttpRequest *request, const char *url) {
    if (queue->max == 0)
        return 1;
    HttpHost *host = queue_get_host(queue, url);
    if (!host)
        return -ENOMEM;
    request->host = host;
    request->is_in_turn = host->n_in_turn < queue->max;
    if (request->is_in_turn)
        host->n_in_turn++;
    else
        TAILQ_INSERT_TAIL(&host->waiting, request, queue_link);
    return request->is_in_turn;
}

HttpRequest *http_queue_leave(HttpQueue *queue, HttpRequest *request) {
    HttpHost *host = TAKE_PTR(request->host);
    if (!host)
        return NULL;
    if (!request->is_in_turn) {
        TAILQ_REMOVE(&host->waiting, request, queue_link);
        return NULL;
    }
    HttpRequest *next = TAILQ_FIRST(&host->waiting);
    if (!next) {
        if (--host->n_in_turn == 0)
            map_remove(queue->hosts, host->name);
        return NULL;
    }
    TAILQ_REMOVE(&host->waiting, next, queue_link);
    next->is_in_turn = true;
    return next;
}
