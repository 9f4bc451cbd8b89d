/* What etcd says, written field by field for whoever plays it. */
#pragma once

#include "fleetd/store/protobuf.h"

void etcd_add_header(ProtobufWriter *message, uint64_t cluster, int64_t revision);

/* As an entry of a page, created at 4 and under no lease. */
void etcd_add_entry(ProtobufWriter *message, const char *key, const char *value, int64_t revision);
/* As an event of a watch: value NULL is a deletion. */
void etcd_add_event(ProtobufWriter *message, const char *key, const char *value, int64_t revision);

#define ETCD_RANGE_MORE 3    /* bool */
#define ETCD_TXN_SUCCEEDED 2 /* bool */
#define ETCD_TXN_RESPONSES 3
#define ETCD_LEASE_ID 2
#define ETCD_LEASE_TTL 3
#define ETCD_TOKEN 2
#define ETCD_WATCH_CREATED 3  /* bool */
#define ETCD_WATCH_CANCELED 4 /* bool */
#define ETCD_WATCH_COMPACT_REVISION 5
#define ETCD_WATCH_CANCEL_REASON 6

void etcd_add_text(ProtobufWriter *message, uint32_t number, const char *text);
