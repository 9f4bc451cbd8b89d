/* Answers that have entries: a page of a list, and a line of a watch. */
#include "fleetd/store/etcd-answer-internal.h"
#include "fleetd/store/etcd-entries.h"
#include "fleetd/store/etcd-error.h"

#include <errno.h>
#include <openssl/evp.h>

/* Where decoded keys and values go, each with a NUL behind it. As large as the answer's text: every
 * four characters become three bytes, and a field's name and quotes outweigh the NUL. */
typedef struct Arena {
    char *bytes;
    size_t used, size;
} Arena;

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
    return r == -EPROTO ? error_set(reterr, r, "field '%s' is not base64", name)
                        : etcd_answer_errno(r);
}

static int entry_get_numbers(json_object *object, StoreEntry *entry, Error *reterr) {
    int r = json_get_int(object, "create_revision", &entry->create_revision, reterr);
    if (r >= 0)
        r = json_get_int(object, "mod_revision", &entry->mod_revision, reterr);
    if (r >= 0)
        r = json_get_int(object, "lease", &entry->lease, reterr);
    return etcd_answer_errno(r);
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
    return etcd_answer_open(copy, before + 2 + after, ret, reterr);
}

static int range_source_open(RangeSource *source, const char *text, size_t size, Error *reterr) {
    source->is_plain = etcd_entries_find(text, size, &source->plain);
    if (source->is_plain)
        return answer_open_without(text, size, &source->plain.array, &source->answer, reterr);
    int r = etcd_answer_open(text, size, &source->answer, reterr);
    return r < 0
               ? r
               : MIN(etcd_answer_errno(json_get_array(source->answer, "kvs", &source->kvs, reterr)),
                     0);
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
    EtcdAnswerHead header = {};
    int r = range_source_open(&source, text, size, reterr);
    if (r >= 0)
        r = etcd_answer_need_header(source.answer, &header, reterr);
    if (r >= 0)
        r = etcd_answer_errno(
            json_get_bool(source.answer, "more", &answer.result.has_more, reterr));
    if (r >= 0 && range_source_count(&source) > 0)
        r = range_fill(&answer, &source, &arena, prefix, reterr);
    if (r < 0)
        return r;
    if (answer.result.has_more && answer.result.n_entries == 0)
        return etcd_answer_bad(reterr, "a whole page of keys that are none of fleet's");
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

static int event_parse(Arena *arena, json_object *object, const char *prefix, StoreEvent *ret,
                       Error *reterr) {
    json_object *kv = NULL;
    const char *type = "PUT";
    int r = json_get_string(object, "type", &type, reterr);
    if (r >= 0)
        r = json_get_object(object, "kv", &kv, reterr);
    if (r < 0)
        return etcd_answer_errno(r);
    if (!kv)
        return etcd_answer_bad(reterr, "an event without a key");
    r = entry_parse(arena, kv, prefix, &ret->entry, reterr);
    if (r > 0 && ret->entry.mod_revision <= 0)
        return etcd_answer_bad(reterr, "an event without a revision");
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
        return etcd_answer_errno(r);
    line->error = compacted > 0 ? -ESTALE : etcd_error_number(reason, 0);
    etcd_error_tell(reterr, line->error, reason);
    return 0;
}

int etcd_watch_line_parse(const char *text, size_t size, const char *prefix, EtcdWatchLine *ret,
                          Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    Arena arena = {.size = size};
    EtcdAnswerHead header = {};
    json_object *result = NULL, *events = NULL;
    bool is_canceled = false;
    int r = etcd_answer_open(text, size, &object, reterr);
    if (r < 0)
        return r;
    r = json_get_object(object, "result", &result, reterr);
    if (r == 0)
        return etcd_answer_bad(reterr, "a line without a result");
    if (r >= 0)
        r = etcd_answer_get_header(result, &header, reterr);
    line.revision = header.revision;
    line.history = header.history;
    if (r >= 0)
        r = json_get_bool(result, "created", &line.is_created, reterr);
    if (r >= 0)
        r = json_get_bool(result, "canceled", &is_canceled, reterr);
    if (r >= 0 && line.is_created && line.revision <= 0)
        return etcd_answer_bad(reterr, "a watch without a revision");
    if (r >= 0 && is_canceled)
        r = watch_line_end(result, &line, reterr);
    if (r >= 0)
        r = json_get_array(result, "events", &events, reterr);
    if (r > 0)
        r = watch_line_fill(&line, events, &arena, prefix, reterr);
    if (r < 0)
        return etcd_answer_errno(r);
    *ret = line;
    line = (EtcdWatchLine){};
    return 0;
}

void etcd_watch_line_done(EtcdWatchLine *line) {
    free(line->events);
    free(line->bytes);
    *line = (EtcdWatchLine){};
}
