#include "fleetd/lonely-check.h"

#include "fleetd/base/log.h"
#include "fleetd/configuration.h"

#define ETCD_DEFAULT_URL "http://127.0.0.1:2379/version"

static void on_answer(int r, const HttpAnswer *answer, _unused_ const char *message,
                      _unused_ void *userdata) {
    if (r >= 0 && answer->status == 200 && strstr(answer->body, "etcdserver"))
        log_warning(
            "This fleetd is a cluster of its own, as etcd_servers is not set, but an etcd answers "
            "on 127.0.0.1:2379: to join "
            "the cluster behind it, set etcd_servers=http://127.0.0.1:2379 in " CONFIG_FILE);
}

HttpClient *lonely_check_start(sd_event *event) {
    HttpCall call = {
        .method = "GET", .url = ETCD_DEFAULT_URL, .timeout_usec = USEC_PER_SEC, .answer_max = 4096};
    HttpClient *client = NULL;
    if (http_client_new(event, &(HttpClientOptions){}, &client) >= 0)
        (void) http_client_start(client, &call, NULL, on_answer, NULL, NULL);
    return client;
}
