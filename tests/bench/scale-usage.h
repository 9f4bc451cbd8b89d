/* What a phase costs etcd: counters, and the differences between two looks at them. */
#pragma once

#include "tests/bench/benchmark.h"
#include "tests/fakes/etcd-process.h"

typedef struct EtcdUsage {
    double cpu_s;
    double n_requests; /* of clients, that have ended: so of watches those that were given up */
    double n_ranges, n_txns, n_renewals, n_watches_ended;
    double n_puts;
    double n_deletes;
    double n_events; /* told to watches */
    double n_bytes_sent;
    double n_fsyncs, fsync_s; /* of its log, before it answers */
    double rss_kib;
} EtcdUsage;

EtcdUsage etcd_usage(const EtcdProcess *etcd);
EtcdUsage etcd_usage_since(const EtcdUsage *before, const EtcdUsage *now);
