/* What etcd's gateway answers, taken apart. Pure. Whatever comes is checked: -EPROTO (with the
 * reason in reterr) for what etcd would not say. Keys that are not under prefix or hold a NUL byte,
 * which fleet could not have written, are left out. A history is the id of etcd's cluster, which a
 * restored snapshot does not bring back; 0: the answer does not say it. */
#pragma once

#include "fleetd/store/store.h"

typedef struct EtcdRangeAnswer {
    StoreRangeResult result;
    StoreEntry *entries;
    char *bytes; /* of keys and values */
} EtcdRangeAnswer;

/* -EPROTO also for a page that has more behind it, but no key that can be told, as nobody could ask
 * for the next one. */
int etcd_range_parse(const char *text, size_t size, const char *prefix, EtcdRangeAnswer *ret,
                     Error *reterr);
void etcd_range_answer_done(EtcdRangeAnswer *answer);

typedef struct EtcdTxnAnswer {
    StoreTxnResult result;
    uint64_t history;
} EtcdTxnAnswer;

int etcd_txn_parse(const char *text, size_t size, EtcdTxnAnswer *ret, Error *reterr);

typedef struct EtcdLeaseAnswer {
    int64_t lease;
    uint64_t history;
    usec_t ttl_usec; /* never 0 */
} EtcdLeaseAnswer;

/* Of a grant or renewal. -ENOKEY: there is no such lease. */
int etcd_lease_parse(const char *text, size_t size, EtcdLeaseAnswer *ret, Error *reterr);

/* Of a login: what later requests show. The caller frees. */
int etcd_token_parse(const char *text, size_t size, char **ret, Error *reterr);

/* One line of a watch's stream. */
typedef struct EtcdWatchLine {
    bool is_created;
    int error;        /* negative: the watch has ended, and why */
    int64_t revision; /* of the store; with events: of the last of them */
    uint64_t history;
    StoreEvent *events;
    size_t n_events;
    char *bytes;
} EtcdWatchLine;

int etcd_watch_line_parse(const char *text, size_t size, const char *prefix, EtcdWatchLine *ret,
                          Error *reterr);
void etcd_watch_line_done(EtcdWatchLine *line);

/* The errno of an answer with another status than 200, never 0; etcd's words in reterr. */
int etcd_error_parse(unsigned status, const char *text, size_t size, Error *reterr);
