#include "fleetd/store/etcd-cluster.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-hint.h"
#include "fleetd/store/etcd-watch.h"

#include <errno.h>
#include <inttypes.h>

/* Has the member end a watch with "no leader" when it is cut off from the others. Requests do
 * without it: they rather wait for the election of a leader, within their time. */
#define HEADER_NEEDS_LEADER "hasleader"

/* Several of the largest values that etcd takes; what is longer is asked for in parts. It is read
 * and taken apart in one go, while the loop stands still. */
#define ANSWER_MAX ((size_t) 16 * 1024 * 1024)
/* Of messages about what goes on until a person has set it right. */
#define MESSAGE_PAUSE_USEC (5 * USEC_PER_MINUTE)

int etcd_cluster_post(EtcdCluster *cluster, const EtcdPost *post, H2Data on_data, H2Done on_done,
                      void *userdata, H2Request **ret) {
    const char *token = cluster->auth && !post->is_login ? etcd_auth_token(cluster->auth) : NULL;
    H2Field fields[5] = {{"content-type", "application/grpc"}, {"te", "trailers"}};
    size_t n = 2;
    if (token)
        fields[n++] = (H2Field){"token", token};
    if (post->lane == ETCD_LANE_WATCHES)
        fields[n++] = (H2Field){HEADER_NEEDS_LEADER, "true"};
    H2Call call = {
        .host = etcd_endpoints_url(cluster->endpoints, post->endpoint),
        .path = post->path,
        .fields = fields,
        .body = post->body->data,
        .body_size = post->body->size,
        .is_at_once = post->is_at_once,
        .timeout_usec = post->timeout_usec,
        .answer_max = ANSWER_MAX,
    };
    return h2_client_start(cluster->lanes[post->lane], &call, on_data, on_done, userdata, ret);
}

static const char *refusal_hint(const EtcdCluster *cluster, int r) {
    if (!cluster->auth)
        return "set etcd_username and etcd_password";
    if (r == -EKEYEXPIRED)
        return "it logs in, but each new token is refused";
    return "its user needs a role with permission to read and write all keys under etcd_key_prefix";
}

/* Whether it is time to tell it, again; then the time is noted. */
static bool is_due(usec_t *told_at, usec_t now) {
    if (*told_at != 0 && now - *told_at < MESSAGE_PAUSE_USEC)
        return false;
    *told_at = now;
    return true;
}

void etcd_cluster_refused(EtcdCluster *cluster, int r, const char *why) {
    if (is_due(&cluster->refusal_told_at, loop_now(cluster->loop)))
        log_error("etcd refuses what fleetd asks of it: %s (%s)", why, refusal_hint(cluster, r));
}

/* Ids as etcdctl shows them. */
static void log_history(EtcdCluster *cluster, size_t endpoint, uint64_t history) {
    const char *url = etcd_endpoints_url(cluster->endpoints, endpoint);
    if (history != cluster->former_history)
        log_warning("etcd at '%s' is cluster %" PRIx64 " and no longer %" PRIx64
                    ", so its data comes from a snapshot or is lost: reading all of it anew",
                    url, history, cluster->history);
    else if (is_due(&cluster->mixture_told_at, loop_now(cluster->loop)))
        log_error("etcd at '%s' is cluster %" PRIx64 " again, after %" PRIx64
                  ": etcd_servers must not name members of two clusters",
                  url, history, cluster->history);
}

static void cluster_meet_history(EtcdCluster *cluster, size_t endpoint, uint64_t history) {
    if (history == 0 || history == cluster->history)
        return;
    if (cluster->history != 0)
        log_history(cluster, endpoint, history);
    cluster->former_history = cluster->history;
    cluster->history = history;
    etcd_watches_leave_history(cluster, history);
}

void etcd_cluster_member_answered(EtcdCluster *cluster, size_t endpoint, uint64_t history) {
    cluster->has_answered = true;
    cluster_meet_history(cluster, endpoint, history);
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
