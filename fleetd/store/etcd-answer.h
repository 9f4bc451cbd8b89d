/* What etcd answers, taken apart where it stands. Pure. Whatever comes is checked: -EPROTO (with
 * the reason in reterr) for what etcd would not say. A message is written over as it is read, and
 * read once. Keys that are not under prefix are left out. A history is the id of etcd's cluster,
 * which a restored snapshot does not bring back; 0: the answer does not say it. */
#pragma once

#include "fleetd/store/grpc.h"
#include "fleetd/store/store.h"

/* The one message of an answer. What etcd complains of, or whoever answered in its place, is
 * returned as its errno, with the words in reterr. */
int etcd_answer_open(const H2Answer *answer, ProtobufBytes *ret, Error *reterr);

typedef struct EtcdRangeAnswer {
    StoreRangeResult result; /* borrows from the message */
    StoreEntry *entries;
} EtcdRangeAnswer;

/* -EPROTO also for a page that has more behind it, but no key that can be told, as nobody could ask
 * for the next one. */
int etcd_range_parse(ProtobufBytes message, const char *prefix, EtcdRangeAnswer *ret,
                     Error *reterr);
void etcd_range_answer_done(EtcdRangeAnswer *answer);

typedef struct EtcdTxnAnswer {
    StoreTxnResult result;
    uint64_t history;
} EtcdTxnAnswer;

int etcd_txn_parse(ProtobufBytes message, EtcdTxnAnswer *ret, Error *reterr);

typedef struct EtcdLeaseAnswer {
    int64_t lease;
    uint64_t history;
    usec_t ttl_usec; /* never 0 */
} EtcdLeaseAnswer;

/* Of a grant or renewal. -ENOKEY: there is no such lease. */
int etcd_lease_parse(ProtobufBytes message, EtcdLeaseAnswer *ret, Error *reterr);

/* Of a login: what later requests show. The caller frees. */
int etcd_token_parse(ProtobufBytes message, char **ret, Error *reterr);

/* One message of a watch's stream. */
typedef struct EtcdWatchAnswer {
    bool is_created;
    int error;        /* negative: the watch has ended, and why */
    int64_t revision; /* of the store; with events: of the last of them */
    uint64_t history;
    StoreEvent *events; /* borrow from the message */
    size_t n_events;
} EtcdWatchAnswer;

int etcd_watch_parse(ProtobufBytes message, const char *prefix, EtcdWatchAnswer *ret,
                     Error *reterr);
void etcd_watch_answer_done(EtcdWatchAnswer *answer);
