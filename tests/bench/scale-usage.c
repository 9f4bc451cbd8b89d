#include "tests/bench/scale-usage.h"

#define METHOD(name) "grpc_method=\"" name "\""

static const struct {
    const char *name;
    size_t field;
    double factor;
    const char *label; /* of the series that are added up; NULL: all of that name */
} series[] = {
    {"process_cpu_seconds_total", offsetof(EtcdUsage, cpu_s), 1},
    {"grpc_server_handled_total", offsetof(EtcdUsage, n_requests), 1},
    {"grpc_server_handled_total", offsetof(EtcdUsage, n_ranges), 1, METHOD("Range")},
    {"grpc_server_handled_total", offsetof(EtcdUsage, n_txns), 1, METHOD("Txn")},
    {"grpc_server_handled_total", offsetof(EtcdUsage, n_renewals), 1, METHOD("LeaseKeepAlive")},
    {"grpc_server_handled_total", offsetof(EtcdUsage, n_watches_ended), 1, METHOD("Watch")},
    {"etcd_mvcc_put_total", offsetof(EtcdUsage, n_puts), 1},
    {"etcd_mvcc_delete_total", offsetof(EtcdUsage, n_deletes), 1},
    {"etcd_debugging_mvcc_events_total", offsetof(EtcdUsage, n_events), 1},
    {"etcd_network_client_grpc_sent_bytes_total", offsetof(EtcdUsage, n_bytes_sent), 1},
    {"etcd_disk_wal_fsync_duration_seconds_count", offsetof(EtcdUsage, n_fsyncs), 1},
    {"etcd_disk_wal_fsync_duration_seconds_sum", offsetof(EtcdUsage, fsync_s), 1},
    {"process_resident_memory_bytes", offsetof(EtcdUsage, rss_kib), 1.0 / 1024},
};

static double *usage_field(EtcdUsage *usage, size_t i) {
    return (double *) ((char *) usage + series[i].field);
}

static bool line_is_of(const char *line, size_t i) {
    size_t n = strcspn(line, "{ ");
    return n == strlen(series[i].name) && strncmp(line, series[i].name, n) == 0 &&
           (!series[i].label || strstr(line, series[i].label));
}

static void read_line(const char *line, EtcdUsage *usage) {
    const char *value = strrchr(line, ' ');
    for (size_t i = 0; value && i < ELEMENTSOF(series); i++)
        if (line_is_of(line, i))
            *usage_field(usage, i) += strtod(value, NULL) * series[i].factor;
}

EtcdUsage etcd_usage(const EtcdProcess *etcd) {
    EtcdUsage usage = {};
    _cleanup_free_ char *text = etcd_process_metrics(etcd, 0);
    bench_must(text, "etcd does not tell its metrics");
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")))
        read_line(line, &usage);
    bench_must(usage.cpu_s > 0 && usage.rss_kib > 0, "etcd's metrics have other names");
    return usage;
}

EtcdUsage etcd_usage_since(const EtcdUsage *before, const EtcdUsage *now) {
    EtcdUsage difference = *now;
    for (size_t i = 0; i < ELEMENTSOF(series); i++)
        *usage_field(&difference, i) -= *usage_field((EtcdUsage *) before, i);
    difference.rss_kib = now->rss_kib;
    return difference;
}
