#include "fleetd/store/etcd-cluster.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-hint.h"
#include "fleetd/store/etcd-watch.h"

#include <errno.h>

/* Has the member end a watch with "no leader" when it is cut off from the others. Requests do
 * without it: they rather wait for the election of a leader, within their time. */
#define HEADER_NEEDS_LEADER "Grpc-Metadata-hasleader: true"

#define REFUSAL_PAUSE_USEC (5 * USEC_PER_MINUTE)

int etcd_cluster_post(EtcdCluster *cluster, const EtcdPost *post, HttpData on_data,
                      HttpDone on_done, void *userdata, HttpRequest **ret) {
    _cleanup_free_ char *url =
        str_printf("%s%s", etcd_endpoints_url(cluster->endpoints, post->endpoint), post->path);
    if (!url)
        return -ENOMEM;
    HttpCall call = {
        .method = "POST",
        .authorization = cluster->auth && !post->is_login ? etcd_auth_token(cluster->auth) : NULL,
        .header = post->lane == ETCD_LANE_WATCHES ? HEADER_NEEDS_LEADER : NULL,
        .url = url,
        .body = post->body,
        .body_size = strlen(post->body),
        .timeout_usec = post->timeout_usec,
    };
    return http_client_start(cluster->lanes[post->lane], &call, on_data, on_done, userdata, ret);
}

static const char *refusal_hint(const EtcdCluster *cluster, int r) {
    if (!cluster->auth)
        return "set etcd_username and etcd_password";
    if (r == -EKEYEXPIRED)
        return "it logs in, but each new token is refused";
    return "its user needs a role with permission to read and write all keys under etcd_key_prefix";
}

void etcd_cluster_refused(EtcdCluster *cluster, int r, const char *why) {
    usec_t now = loop_now(cluster->loop);
    if (cluster->refusal_told_at != 0 && now - cluster->refusal_told_at < REFUSAL_PAUSE_USEC)
        return;
    cluster->refusal_told_at = now;
    log_error("etcd refuses what fleetd asks of it: %s (%s)", why, refusal_hint(cluster, r));
}

void etcd_cluster_member_answered(EtcdCluster *cluster, size_t endpoint) {
    cluster->has_answered = true;
    if (etcd_endpoints_succeeded(cluster->endpoints, endpoint))
        log_notice("etcd at '%s' answers again", etcd_endpoints_url(cluster->endpoints, endpoint));
}

static void log_failure(const EtcdCluster *cluster, size_t endpoint, const char *why) {
    const char *url = etcd_endpoints_url(cluster->endpoints, endpoint);
    HttpTls tls = {.ca_file = cluster->ca_file, .cert_file = cluster->cert_file};
    EtcdHintContext context = {.tls = &tls,
                               .is_https = strncmp(url, "https:", 6) == 0,
                               .has_answered = cluster->has_answered};
    _cleanup_free_ char *hint = etcd_hint(&context, why);
    log_warning("Failed to reach etcd at '%s': %s%s", url, why, str_or(hint, ""));
}

void etcd_cluster_member_failed(EtcdCluster *cluster, size_t endpoint, int r, const char *why) {
    usec_t now = loop_now(cluster->loop);
    if (etcd_endpoints_failed(cluster->endpoints, endpoint, now))
        log_failure(cluster, endpoint, why);
    if (etcd_endpoints_preferred(cluster->endpoints) != endpoint)
        etcd_watches_abandon(cluster, endpoint, r);
}
