/* Answers that have entries: a page of a list, and a message of a watch. A leader of 100,000 units
 * reads 300,000 of them: they are used where they stand. */
#include "fleetd/store/etcd-answer-internal.h"
#include "fleetd/store/etcd-error.h"

#include <errno.h>

typedef struct EntryMessage {
    ProtobufBytes key, value;
    int64_t create_revision, mod_revision, lease;
} EntryMessage;

static const ProtobufField entry_fields[] = {
    [1] = {PROTOBUF_BYTES, offsetof(EntryMessage, key)},
    [2] = {PROTOBUF_INTEGER, offsetof(EntryMessage, create_revision)},
    [3] = {PROTOBUF_INTEGER, offsetof(EntryMessage, mod_revision)},
    [5] = {PROTOBUF_BYTES, offsetof(EntryMessage, value)},
    [6] = {PROTOBUF_INTEGER, offsetof(EntryMessage, lease)},
};

/* A key is a string here, and none of fleet's has a NUL. One that has comes with another character
 * in its place that none of them has either: it sorts where it did, so that the next page of a list
 * begins behind it, and whoever reports garbage can name it. */
static void key_replace_nuls(ProtobufBytes key) {
    for (size_t i = 0; i < key.size; i++)
        key.data[i] = key.data[i] ? key.data[i] : '\1';
}

/* 1: an entry; 0: one whose key is not below the prefix. */
static int entry_parse(ProtobufBytes text, const char *prefix, StoreEntry *ret, Error *reterr) {
    EntryMessage message = {};
    size_t prefix_size = strlen(prefix);
    int r = ETCD_READ(text, entry_fields, &message, reterr);
    if (r < 0)
        return r;
    if (message.key.size < prefix_size ||
        (prefix_size > 0 && memcmp(message.key.data, prefix, prefix_size) != 0))
        return 0;
    key_replace_nuls(message.key);
    *ret = (StoreEntry){
        .key = protobuf_terminate(message.key) + prefix_size,
        .value = protobuf_terminate(message.value),
        .value_size = message.value.size,
        .create_revision = message.create_revision,
        .mod_revision = message.mod_revision,
        .lease = message.lease,
    };
    return 1;
}

typedef struct RangeMessage {
    ProtobufBytes header;
    size_t n_entries;
    bool has_more;
} RangeMessage;

enum { RANGE_KVS = 2 };

static int range_fill(EtcdRangeAnswer *answer, ProtobufBytes message, size_t n, const char *prefix,
                      Error *reterr) {
    ProtobufBytes text;
    int r = 0;
    answer->entries = calloc(n + 1, sizeof(*answer->entries));
    if (!answer->entries)
        return -ENOMEM;
    while (r >= 0 && protobuf_read_next(&message, RANGE_KVS, &text) > 0) {
        r = entry_parse(text, prefix, &answer->entries[answer->result.n_entries], reterr);
        answer->result.n_entries += r > 0;
    }
    answer->result.entries = answer->entries;
    return MIN(r, 0);
}

int etcd_range_parse(ProtobufBytes message, const char *prefix, EtcdRangeAnswer *ret,
                     Error *reterr) {
    static const ProtobufField fields[] = {
        [1] = {PROTOBUF_BYTES, offsetof(RangeMessage, header)},
        [RANGE_KVS] = {PROTOBUF_COUNT, offsetof(RangeMessage, n_entries)},
        [3] = {PROTOBUF_BOOL, offsetof(RangeMessage, has_more)},
    };
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    RangeMessage range = {};
    EtcdAnswerHead head = {};
    int r = ETCD_READ(message, fields, &range, reterr);
    if (r >= 0)
        r = etcd_answer_need_head(range.header, &head, reterr);
    if (r >= 0 && range.n_entries > 0)
        r = range_fill(&answer, message, range.n_entries, prefix, reterr);
    if (r < 0)
        return r;
    if (range.has_more && answer.result.n_entries == 0)
        return etcd_answer_bad(reterr, "a whole page of keys that are none of fleet's");
    answer.result.has_more = range.has_more;
    answer.result.revision = head.revision;
    answer.result.history = head.history;
    *ret = answer;
    answer = (EtcdRangeAnswer){};
    return 0;
}

void etcd_range_answer_done(EtcdRangeAnswer *answer) {
    free(answer->entries);
    *answer = (EtcdRangeAnswer){};
}

typedef struct EventMessage {
    int64_t type; /* 0: a put, 1: a deletion */
    ProtobufBytes entry;
} EventMessage;

static int event_parse(ProtobufBytes text, const char *prefix, StoreEvent *ret, Error *reterr) {
    static const ProtobufField fields[] = {
        [1] = {PROTOBUF_INTEGER, offsetof(EventMessage, type)},
        [2] = {PROTOBUF_BYTES, offsetof(EventMessage, entry)},
    };
    EventMessage message = {};
    int r = ETCD_READ(text, fields, &message, reterr);
    if (r < 0)
        return r;
    if (!message.entry.data)
        return etcd_answer_bad(reterr, "an event without a key");
    r = entry_parse(message.entry, prefix, &ret->entry, reterr);
    if (r > 0 && ret->entry.mod_revision <= 0)
        return etcd_answer_bad(reterr, "an event without a revision");
    ret->kind = message.type == 1 ? STORE_EVENT_DELETE : STORE_EVENT_PUT;
    return r;
}

typedef struct WatchMessage {
    ProtobufBytes header, cancel_reason;
    bool is_created, is_canceled;
    int64_t compact_revision;
    size_t n_events;
} WatchMessage;

enum { WATCH_EVENTS = 11 };

static const ProtobufField watch_fields[] = {
    [1] = {PROTOBUF_BYTES, offsetof(WatchMessage, header)},
    [3] = {PROTOBUF_BOOL, offsetof(WatchMessage, is_created)},
    [4] = {PROTOBUF_BOOL, offsetof(WatchMessage, is_canceled)},
    [5] = {PROTOBUF_INTEGER, offsetof(WatchMessage, compact_revision)},
    [6] = {PROTOBUF_BYTES, offsetof(WatchMessage, cancel_reason)},
    [WATCH_EVENTS] = {PROTOBUF_COUNT, offsetof(WatchMessage, n_events)},
};

static int watch_fill(EtcdWatchAnswer *answer, ProtobufBytes message, size_t n, const char *prefix,
                      Error *reterr) {
    ProtobufBytes text;
    int r = 0;
    answer->events = calloc(n + 1, sizeof(*answer->events));
    if (!answer->events)
        return -ENOMEM;
    while (r >= 0 && protobuf_read_next(&message, WATCH_EVENTS, &text) > 0) {
        r = event_parse(text, prefix, &answer->events[answer->n_events], reterr);
        answer->n_events += r > 0;
    }
    if (answer->n_events > 0)
        answer->revision = answer->events[answer->n_events - 1].entry.mod_revision;
    return MIN(r, 0);
}

/* Why etcd ended the watch. Done when the events have been read, as it is written over here. */
static int watch_read_end(const WatchMessage *message, EtcdWatchAnswer *answer, Error *reterr) {
    const char *reason = protobuf_terminate(message->cancel_reason);
    if (!*reason)
        reason = "the watch was cancelled";
    answer->error = message->compact_revision > 0 ? -ESTALE : etcd_error_number(reason, 0);
    etcd_error_tell(reterr, answer->error, reason);
    return 0;
}

int etcd_watch_parse(ProtobufBytes message, const char *prefix, EtcdWatchAnswer *ret,
                     Error *reterr) {
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    WatchMessage watch = {};
    EtcdAnswerHead head = {};
    int r = ETCD_READ(message, watch_fields, &watch, reterr);
    if (r >= 0)
        r = etcd_answer_read_head(watch.header, &head, reterr);
    if (r < 0)
        return r;
    if (watch.is_created && head.revision <= 0)
        return etcd_answer_bad(reterr, "a watch without a revision");
    answer.is_created = watch.is_created;
    answer.revision = head.revision;
    answer.history = head.history;
    if (watch.n_events > 0)
        r = watch_fill(&answer, message, watch.n_events, prefix, reterr);
    if (r >= 0 && watch.is_canceled)
        r = watch_read_end(&watch, &answer, reterr);
    if (r < 0)
        return r;
    *ret = answer;
    answer = (EtcdWatchAnswer){};
    return 0;
}

void etcd_watch_answer_done(EtcdWatchAnswer *answer) {
    free(answer->events);
    *answer = (EtcdWatchAnswer){};
}
