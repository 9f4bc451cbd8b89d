#include "fleetd/store/etcd-answer.h"

#include "fleetd/store/etcd-entries.h"
#include "fleetd/store/etcd-error.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>

/* Far more than any lease; what is larger is not multiplied. */
#define TTL_MAX_SECONDS INT64_C(1000000000)

#define ERROR_TEXT_MAX 120

/* Where decoded keys and values go, each with a NUL behind it. As large as the answer's text: every
 * four characters become three bytes, and a field's name and quotes outweigh the NUL. */
typedef struct Arena {
    char *bytes;
    size_t used, size;
} Arena;

static int bad(Error *reterr, const char *what) {
    return error_set(reterr, -EPROTO, "%s", what);
}

/* A field of the wrong type breaks the protocol like anything else that is wrong. */
static int protocol(int r) {
    return r == -EBADMSG ? -EPROTO : r;
}

static int arena_decode(Arena *arena, const char *base64, size_t length, const char **ret,
                        size_t *ret_size) {
    size_t most = length / 4 * 3;
    if (length % 4 != 0 || length > INT32_MAX || most >= arena->size - arena->used)
        return -EPROTO;
    char *out = arena->bytes + arena->used;
    int n = EVP_DecodeBlock((unsigned char *) out, (const unsigned char *) base64, (int) length);
    if (n < 0 || (size_t) n != most)
        return -EPROTO;
    size_t size = most; /* the padding counts as bytes */
    for (size_t i = 1; i <= 2 && i <= length && base64[length - i] == '='; i++)
        size--;
    out[size] = '\0';
    arena->used += size + 1;
    *ret = out;
    *ret_size = size;
    return 0;
}

static int field_decode(Arena *arena, json_object *object, const char *name, const char **ret,
                        size_t *ret_size, Error *reterr) {
    const char *base64 = "";
    int r = json_get_string(object, name, &base64, reterr);
    if (r >= 0)
        r = arena_decode(arena, base64, strlen(base64), ret, ret_size);
    return r == -EPROTO ? error_set(reterr, r, "field '%s' is not base64", name) : protocol(r);
}

static int entry_get_numbers(json_object *object, StoreEntry *entry, Error *reterr) {
    int r = json_get_int(object, "create_revision", &entry->create_revision, reterr);
    if (r >= 0)
        r = json_get_int(object, "mod_revision", &entry->mod_revision, reterr);
    if (r >= 0)
        r = json_get_int(object, "lease", &entry->lease, reterr);
    return protocol(r);
}

/* A key is a string here, and none of fleet's has a NUL. One that has comes with another character
 * in its place that none of them has either: it sorts where it did, so that the next page of a list
 * begins behind it, and whoever reports garbage can name it. */
static void key_replace_nuls(Arena *arena, const char *key, size_t size) {
    char *bytes = arena->bytes + (key - arena->bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = bytes[i] ? bytes[i] : '\1';
}

/* 1: an entry; 0: one whose key is not below the prefix. */
static int entry_cut_prefix(Arena *arena, StoreEntry *entry, size_t key_size, const char *prefix) {
    size_t prefix_size = strlen(prefix);
    if (strncmp(entry->key, prefix, prefix_size) != 0)
        return 0;
    key_replace_nuls(arena, entry->key, key_size);
    entry->key += prefix_size;
    return 1;
}

static int entry_parse(Arena *arena, json_object *object, const char *prefix, StoreEntry *ret,
                       Error *reterr) {
    StoreEntry entry = {};
    size_t key_size = 0;
    int r = field_decode(arena, object, "key", &entry.key, &key_size, reterr);
    if (r >= 0)
        r = field_decode(arena, object, "value", &entry.value, &entry.value_size, reterr);
    if (r >= 0)
        r = entry_get_numbers(object, &entry, reterr);
    if (r < 0)
        return r;
    *ret = entry;
    return entry_cut_prefix(arena, ret, key_size, prefix);
}

/* What stands at the head of each answer. */
typedef struct Header {
    int64_t revision;
    uint64_t history;
} Header;

/* An id takes all 64 bits, so it is no integer as others are. */
static int header_get_history(json_object *header, uint64_t *ret, Error *reterr) {
    const char *text = "0";
    int r = json_get_string(header, "cluster_id", &text, reterr);
    if (r < 0)
        return r;
    char *end;
    errno = 0;
    unsigned long long id = strtoull(text, &end, 10);
    if (!isdigit((unsigned char) *text) || *end != '\0' || errno != 0)
        return bad(reterr, "field 'cluster_id' is no id");
    *ret = id;
    return 0;
}

static int answer_get_header(json_object *answer, Header *ret, Error *reterr) {
    json_object *object = NULL;
    Header header = {};
    int r = json_get_object(answer, "header", &object, reterr);
    if (r > 0)
        r = json_get_int(object, "revision", &header.revision, reterr);
    if (r >= 0 && object)
        r = header_get_history(object, &header.history, reterr);
    if (r < 0)
        return protocol(r);
    *ret = header;
    return 0;
}

static int answer_need_header(json_object *answer, Header *ret, Error *reterr) {
    Header header = {};
    int r = answer_get_header(answer, &header, reterr);
    if (r < 0)
        return r;
    if (header.revision <= 0)
        return bad(reterr, "the answer has no revision");
    *ret = header;
    return 0;
}

static int answer_open(const char *text, size_t size, json_object **ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(text, size, &object, reterr);
    if (r < 0)
        return protocol(r);
    r = etcd_error_find(object, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(object);
    return 0;
}

/* Of an entry as it stands in the text. */
static int entry_decode(Arena *arena, const EtcdEntry *text, const char *prefix, StoreEntry *ret,
                        Error *reterr) {
    StoreEntry entry = {
        .create_revision = text->create_revision,
        .mod_revision = text->mod_revision,
        .lease = text->lease,
    };
    size_t key_size;
    int r = arena_decode(arena, text->key.begin, text->key.size, &entry.key, &key_size);
    if (r < 0)
        return error_set(reterr, r, "field 'key' is not base64");
    r = arena_decode(arena, text->value.begin, text->value.size, &entry.value, &entry.value_size);
    if (r < 0)
        return error_set(reterr, r, "field 'value' is not base64");
    *ret = entry;
    return entry_cut_prefix(arena, ret, key_size, prefix);
}

/* Where the entries come from. */
typedef struct RangeSource {
    EtcdEntries plain;
    bool is_plain;
    json_object *answer; /* without them, if they are plain */
    json_object *kvs;    /* else; NULL: there are none */
} RangeSource;

static void range_source_done(RangeSource *source) {
    json_object_put(source->answer);
}

/* The answer with nothing in the place of its entries. */
static int answer_open_without(const char *text, size_t size, const EtcdText *array,
                               json_object **ret, Error *reterr) {
    const char *rest = array->begin + array->size;
    size_t before = (size_t) (array->begin - text), after = size - before - array->size;
    _cleanup_free_ char *copy = malloc(before + 2 + after);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, text, before);
    memcpy(copy + before, "[]", 2);
    memcpy(copy + before + 2, rest, after);
    return answer_open(copy, before + 2 + after, ret, reterr);
}

static int range_source_open(RangeSource *source, const char *text, size_t size, Error *reterr) {
    source->is_plain = etcd_entries_find(text, size, &source->plain);
    if (source->is_plain)
        return answer_open_without(text, size, &source->plain.array, &source->answer, reterr);
    int r = answer_open(text, size, &source->answer, reterr);
    return r < 0 ? r
                 : MIN(protocol(json_get_array(source->answer, "kvs", &source->kvs, reterr)), 0);
}

static size_t range_source_count(const RangeSource *source) {
    if (source->is_plain)
        return source->plain.n;
    return source->kvs ? json_object_array_length(source->kvs) : 0;
}

static int range_source_read(RangeSource *source, size_t i, Arena *arena, const char *prefix,
                             StoreEntry *ret, Error *reterr) {
    EtcdEntry text;
    if (!source->is_plain)
        return entry_parse(arena, json_object_array_get_idx(source->kvs, i), prefix, ret, reterr);
    return etcd_entries_next(&source->plain, &text)
               ? entry_decode(arena, &text, prefix, ret, reterr)
               : -EPROTO;
}

static int range_fill(EtcdRangeAnswer *answer, RangeSource *source, Arena *arena,
                      const char *prefix, Error *reterr) {
    size_t n = range_source_count(source);
    answer->entries = calloc(n + 1, sizeof(*answer->entries));
    arena->bytes = answer->bytes = malloc(arena->size);
    if (!answer->entries || !answer->bytes)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        StoreEntry *entry = &answer->entries[answer->result.n_entries];
        int r = range_source_read(source, i, arena, prefix, entry, reterr);
        if (r < 0)
            return r;
        answer->result.n_entries += (size_t) r;
    }
    answer->result.entries = answer->entries;
    return 0;
}

int etcd_range_parse(const char *text, size_t size, const char *prefix, EtcdRangeAnswer *ret,
                     Error *reterr) {
    _cleanup_(range_source_done) RangeSource source = {};
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    Arena arena = {.size = size};
    Header header = {};
    int r = range_source_open(&source, text, size, reterr);
    if (r >= 0)
        r = answer_need_header(source.answer, &header, reterr);
    if (r >= 0)
        r = protocol(json_get_bool(source.answer, "more", &answer.result.has_more, reterr));
    if (r >= 0 && range_source_count(&source) > 0)
        r = range_fill(&answer, &source, &arena, prefix, reterr);
    if (r < 0)
        return r;
    if (answer.result.has_more && answer.result.n_entries == 0)
        return bad(reterr, "a whole page of keys that are none of fleet's");
    answer.result.revision = header.revision;
    answer.result.history = header.history;
    *ret = answer;
    answer = (EtcdRangeAnswer){};
    return 0;
}

void etcd_range_answer_done(EtcdRangeAnswer *answer) {
    free(answer->entries);
    free(answer->bytes);
    *answer = (EtcdRangeAnswer){};
}

/* 1: that operation of a transaction changed something; a put always does. */
static int response_has_changed(json_object *response, Error *reterr) {
    json_object *object = NULL;
    int64_t n_deleted = 0;
    int r = json_get_object(response, "response_put", &object, reterr);
    if (r != 0)
        return r;
    r = json_get_object(response, "response_delete_range", &object, reterr);
    if (r > 0)
        r = json_get_int(object, "deleted", &n_deleted, reterr);
    return r < 0 ? r : n_deleted > 0;
}

static int responses_have_changed(json_object *answer, Error *reterr) {
    json_object *responses = NULL;
    int r = json_get_array(answer, "responses", &responses, reterr);
    size_t n = r > 0 ? json_object_array_length(responses) : 0;
    r = MIN(r, 0);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = response_has_changed(json_object_array_get_idx(responses, i), reterr);
    return protocol(r);
}

int etcd_txn_parse(const char *text, size_t size, EtcdTxnAnswer *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    Header header = {};
    bool succeeded = false;
    int r = answer_open(text, size, &object, reterr);
    if (r >= 0)
        r = answer_need_header(object, &header, reterr);
    if (r >= 0)
        r = protocol(json_get_bool(object, "succeeded", &succeeded, reterr));
    if (r >= 0)
        r = responses_have_changed(object, reterr);
    if (r < 0)
        return r;
    *ret = (EtcdTxnAnswer){
        .result = {.succeeded = succeeded, .has_changed = r > 0, .revision = header.revision},
        .history = header.history};
    return 0;
}

int etcd_lease_parse(const char *text, size_t size, EtcdLeaseAnswer *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    EtcdLeaseAnswer answer = {};
    Header header = {};
    int64_t seconds = 0;
    int r = answer_open(text, size, &object, reterr);
    if (r < 0)
        return r;
    json_object *fields = object;
    r = json_get_object(object, "result", &fields, reterr); /* a renewal is a stream of one */
    if (r >= 0)
        r = answer_get_header(fields, &header, reterr);
    if (r >= 0)
        r = json_get_int(fields, "ID", &answer.lease, reterr);
    if (r >= 0)
        r = json_get_int(fields, "TTL", &seconds, reterr);
    if (r < 0)
        return protocol(r);
    if (answer.lease == 0 || seconds < 0 || seconds > TTL_MAX_SECONDS)
        return bad(reterr, "the answer has no lease");
    if (seconds == 0)
        return error_set(reterr, -ENOKEY, "the lease does not exist");
    answer.ttl_usec = (usec_t) seconds * USEC_PER_SEC;
    answer.history = header.history;
    *ret = answer;
    return 0;
}

int etcd_token_parse(const char *text, size_t size, char **ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    const char *token = "";
    int r = answer_open(text, size, &object, reterr);
    if (r >= 0)
        r = protocol(json_get_string(object, "token", &token, reterr));
    if (r < 0)
        return r;
    size_t n = 0;
    while (isgraph((unsigned char) token[n])) /* it becomes a header's value */
        n++;
    if (n == 0 || token[n] != '\0')
        return bad(reterr, "the answer has no token");
    char *copy = strdup(token);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

/* What is no JSON is text for people, or a page of somebody else's: its first line, if that is
 * plain. */
static int text_length(const char *text, size_t size) {
    size_t n = 0;
    while (n < size && n < ERROR_TEXT_MAX && isprint((unsigned char) text[n]))
        n++;
    return *text == '<' ? 0 : (int) n;
}

int etcd_error_parse(unsigned status, const char *text, size_t size, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(text, size, &object, NULL);
    if (r >= 0)
        r = etcd_error_find(object, reterr);
    if (object ? r < 0 : r == -ENOMEM)
        return r;
    r = status == 401 || status == 403   ? -EACCES
        : status >= 502 && status <= 504 ? -EHOSTUNREACH
                                         : -EPROTO;
    int length = object ? 0 : text_length(text, size);
    return error_set(reterr, r, "HTTP status %u%s%.*s", status, length > 0 ? ": " : "", length,
                     text);
}

static int event_parse(Arena *arena, json_object *object, const char *prefix, StoreEvent *ret,
                       Error *reterr) {
    json_object *kv = NULL;
    const char *type = "PUT";
    int r = json_get_string(object, "type", &type, reterr);
    if (r >= 0)
        r = json_get_object(object, "kv", &kv, reterr);
    if (r < 0)
        return protocol(r);
    if (!kv)
        return bad(reterr, "an event without a key");
    r = entry_parse(arena, kv, prefix, &ret->entry, reterr);
    if (r > 0 && ret->entry.mod_revision <= 0)
        return bad(reterr, "an event without a revision");
    ret->kind = streq(type, "DELETE") ? STORE_EVENT_DELETE : STORE_EVENT_PUT;
    return r;
}

static int watch_line_fill(EtcdWatchLine *line, json_object *events, Arena *arena,
                           const char *prefix, Error *reterr) {
    size_t n = json_object_array_length(events);
    line->events = calloc(n + 1, sizeof(*line->events));
    arena->bytes = line->bytes = malloc(arena->size);
    if (!line->events || !line->bytes)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        StoreEvent *event = &line->events[line->n_events];
        int r = event_parse(arena, json_object_array_get_idx(events, i), prefix, event, reterr);
        if (r < 0)
            return r;
        line->n_events += (size_t) r;
    }
    if (line->n_events > 0)
        line->revision = line->events[line->n_events - 1].entry.mod_revision;
    return 0;
}

/* Why etcd ended the watch. */
static int watch_line_end(json_object *result, EtcdWatchLine *line, Error *reterr) {
    const char *reason = "the watch was cancelled";
    int64_t compacted = 0;
    int r = json_get_int(result, "compact_revision", &compacted, reterr);
    if (r >= 0)
        r = json_get_string(result, "cancel_reason", &reason, reterr);
    if (r < 0)
        return protocol(r);
    line->error = compacted > 0 ? -ESTALE : etcd_error_number(reason, 0);
    etcd_error_tell(reterr, line->error, reason);
    return 0;
}

int etcd_watch_line_parse(const char *text, size_t size, const char *prefix, EtcdWatchLine *ret,
                          Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    Arena arena = {.size = size};
    Header header = {};
    json_object *result = NULL, *events = NULL;
    bool is_canceled = false;
    int r = answer_open(text, size, &object, reterr);
    if (r < 0)
        return r;
    r = json_get_object(object, "result", &result, reterr);
    if (r == 0)
        return bad(reterr, "a line without a result");
    if (r >= 0)
        r = answer_get_header(result, &header, reterr);
    line.revision = header.revision;
    line.history = header.history;
    if (r >= 0)
        r = json_get_bool(result, "created", &line.is_created, reterr);
    if (r >= 0)
        r = json_get_bool(result, "canceled", &is_canceled, reterr);
    if (r >= 0 && line.is_created && line.revision <= 0)
        return bad(reterr, "a watch without a revision");
    if (r >= 0 && is_canceled)
        r = watch_line_end(result, &line, reterr);
    if (r >= 0)
        r = json_get_array(result, "events", &events, reterr);
    if (r > 0)
        r = watch_line_fill(&line, events, &arena, prefix, reterr);
    if (r < 0)
        return protocol(r);
    *ret = line;
    line = (EtcdWatchLine){};
    return 0;
}

void etcd_watch_line_done(EtcdWatchLine *line) {
    free(line->events);
    free(line->bytes);
    *line = (EtcdWatchLine){};
}
