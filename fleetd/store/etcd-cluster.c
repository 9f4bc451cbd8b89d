#include "fleetd/store/etcd-cluster.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-watch.h"

#include <errno.h>

/* Has the member end a watch with "no leader" when it is cut off from the others. Requests do
 * without it: they rather wait for the election of a leader, within their time. */
#define HEADER_NEEDS_LEADER "Grpc-Metadata-hasleader: true"

/* Several of the largest values that etcd takes; what is longer is asked for in parts. It is read
 * and taken apart in one go, while the loop stands still. */
#define ANSWER_MAX ((size_t) 16 * 1024 * 1024)

int etcd_cluster_post(EtcdCluster *cluster, const EtcdPost *post, HttpData on_data,
                      HttpDone on_done, void *userdata, HttpRequest **ret) {
    _cleanup_free_ char *url =
        str_printf("%s%s", etcd_endpoints_url(cluster->endpoints, post->endpoint), post->path);
    if (!url)
        return -ENOMEM;
    HttpCall call = {
        .method = "POST",
        .header = post->lane == ETCD_LANE_WATCHES ? HEADER_NEEDS_LEADER : NULL,
        .url = url,
        .body = post->body,
        .body_size = strlen(post->body),
        .timeout_usec = post->timeout_usec,
        .answer_max = ANSWER_MAX,
    };
    return http_client_start(cluster->lanes[post->lane], &call, on_data, on_done, userdata, ret);
}

void etcd_cluster_member_answered(EtcdCluster *cluster, size_t endpoint) {
    if (etcd_endpoints_succeeded(cluster->endpoints, endpoint))
        log_notice("etcd at '%s' answers again", etcd_endpoints_url(cluster->endpoints, endpoint));
}

void etcd_cluster_member_failed(EtcdCluster *cluster, size_t endpoint, int r, const char *why) {
    usec_t now = loop_now(cluster->loop);
    if (etcd_endpoints_failed(cluster->endpoints, endpoint, now))
        log_warning("Failed to reach etcd at '%s': %s",
                    etcd_endpoints_url(cluster->endpoints, endpoint), why);
    if (etcd_endpoints_preferred(cluster->endpoints) != endpoint)
        etcd_watches_abandon(cluster, endpoint, r);
}
