/* What etcd answers: the first line names the kind of answer, the rest is its message. What is let
 * through is what fleet relies on, and is what a simple reader finds there. */
#include "fleetd/base/strv.h"
#include "fleetd/net/h2-request.h"
#include "fleetd/store/etcd-answer.h"
#include "fleetd/store/etcd-error.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#define PREFIX "/fleet/"

static void refusal_check(int r, Error *error) {
    HOLDS(r < 0 && r != -EBADMSG);
    fuzz_check_message(error_text(error, r));
}

/* Keys and values are read as strings of known length; whoever prints them makes them fit to be. */
static void entry_check(const StoreEntry *entry) {
    HOLDS(entry->key && strlen(entry->key) < SIZE_MAX);
    HOLDS(entry->value && entry->value[entry->value_size] == '\0');
}

/* --- the simple reader: one field after the other, from the front, each time it is asked --- */

typedef struct SimpleField {
    uint64_t number, type, value; /* of bytes: their size */
    const unsigned char *bytes;
} SimpleField;

/* What has no end has more bytes than there are. */
static size_t simple_number(const unsigned char *data, size_t size, uint64_t *ret) {
    unsigned __int128 value = 0;
    for (size_t i = 0; i < size && i < 10; i++) {
        value += (unsigned __int128) (data[i] % 128) << (7 * i);
        if (data[i] < 128) {
            *ret = (uint64_t) value;
            return value > UINT64_MAX ? size + 1 : i + 1;
        }
    }
    return size + 1;
}

/* Its size, or more than there is. */
static size_t simple_field(const unsigned char *data, size_t size, SimpleField *ret) {
    uint64_t tag = 0;
    size_t n = simple_number(data, size, &tag);
    *ret = (SimpleField){.number = tag / 8, .type = tag % 8};
    if (n > size || tag < 8)
        return size + 1;
    if (ret->type == 1 || ret->type == 5)
        return n + (ret->type == 1 ? 8 : 4);
    if (ret->type != 0 && ret->type != 2)
        return size + 1;
    n += simple_number(data + n, size - n, &ret->value);
    if (n > size || ret->type == 0)
        return n;
    ret->bytes = data + n;
    return ret->value > size - n ? size + 1 : n + (size_t) ret->value;
}

/* Whether all of it can be read. */
static bool simple_is_whole(const unsigned char *data, size_t size) {
    SimpleField field;
    while (size > 0) {
        size_t n = simple_field(data, size, &field);
        if (n > size)
            return false;
        data += n;
        size -= n;
    }
    return true;
}

/* The one of that number with that index; the last one for SIZE_MAX; without: zeroes. */
static SimpleField simple_find(const unsigned char *data, size_t size, uint64_t number,
                               size_t index) {
    SimpleField field, found = {};
    while (size > 0) {
        size_t n = simple_field(data, size, &field);
        HOLDS(n <= size);
        if (field.number == number) {
            found = field;
            if (index == 0)
                break;
            if (index != SIZE_MAX)
                found = (SimpleField){};
            index -= index != SIZE_MAX;
        }
        data += n;
        size -= n;
    }
    return found;
}

static void entry_compare(const StoreEntry *entry, const SimpleField *text) {
    const unsigned char *data = text->bytes;
    size_t size = (size_t) text->value;
    HOLDS(data && simple_is_whole(data, size));
    SimpleField value = simple_find(data, size, 5, SIZE_MAX);
    HOLDS(entry->create_revision == (int64_t) simple_find(data, size, 2, SIZE_MAX).value);
    HOLDS(entry->mod_revision == (int64_t) simple_find(data, size, 3, SIZE_MAX).value);
    HOLDS(entry->lease == (int64_t) simple_find(data, size, 6, SIZE_MAX).value);
    HOLDS(entry->value_size == value.value);
    HOLDS(value.value == 0 || memcmp(entry->value, value.bytes, value.value) == 0);
    SimpleField key = simple_find(data, size, 1, SIZE_MAX);
    HOLDS(key.value == strlen(PREFIX) + strlen(entry->key));
    for (size_t i = strlen(PREFIX); i < key.value; i++)
        HOLDS((unsigned char) entry->key[i - strlen(PREFIX)] == MAX(key.bytes[i], 1));
}

static bool entry_is_fleets(const SimpleField *text) {
    SimpleField key = simple_find(text->bytes, (size_t) text->value, 1, SIZE_MAX);
    return key.value >= strlen(PREFIX) && memcmp(key.bytes, PREFIX, strlen(PREFIX)) == 0;
}

static void range_compare(const unsigned char *data, size_t size, const EtcdRangeAnswer *answer) {
    SimpleField text, header = simple_find(data, size, 1, SIZE_MAX);
    size_t n = 0;
    HOLDS(answer->result.has_more == (simple_find(data, size, 3, SIZE_MAX).value != 0));
    HOLDS(answer->result.revision ==
          (int64_t) simple_find(header.bytes, (size_t) header.value, 3, SIZE_MAX).value);
    for (size_t i = 0; (text = simple_find(data, size, 2, i)).bytes; i++)
        if (entry_is_fleets(&text)) {
            HOLDS(n < answer->result.n_entries);
            entry_compare(&answer->result.entries[n++], &text);
        }
    HOLDS(n == answer->result.n_entries);
}

/* --- each kind --- */

/* What is parsed is written over: the original is for comparison. */
static void range_try(ProtobufBytes message, const char *original) {
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_range_parse(message, PREFIX, &answer, &error);
    HOLDS(r < 0 || simple_is_whole((const unsigned char *) original, message.size));
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.result.revision > 0);
    HOLDS(answer.result.n_entries > 0 || !answer.result.has_more);
    for (size_t i = 0; i < answer.result.n_entries; i++)
        entry_check(&answer.result.entries[i]);
    range_compare((const unsigned char *) original, message.size, &answer);
}

static void txn_try(ProtobufBytes message, const char *original) {
    EtcdTxnAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_txn_parse(message, &answer, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.result.revision > 0);
}

static void lease_try(ProtobufBytes message, const char *original) {
    EtcdLeaseAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_lease_parse(message, &answer, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.lease != 0 && answer.ttl_usec > 0);
    HOLDS(answer.ttl_usec < USEC_INFINITY / 4); /* times are added to it */
}

/* It becomes a header's value. */
static void token_try(ProtobufBytes message, const char *original) {
    _cleanup_free_ char *token = NULL;
    _cleanup_error_ Error error = {};
    int r = etcd_token_parse(message, &token, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(*token && !strpbrk(token, " \t\r\n"));
}

static void watch_try(ProtobufBytes message, const char *original) {
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    _cleanup_error_ Error error = {};
    int r = etcd_watch_parse(message, PREFIX, &answer, &error);
    if (r < 0)
        return refusal_check(r, &error);
    HOLDS(answer.error <= 0);
    HOLDS(!answer.is_created || answer.revision > 0);
    HOLDS(answer.n_events == 0 || answer.revision > 0);
    for (size_t i = 0; i < answer.n_events; i++) {
        entry_check(&answer.events[i].entry);
        HOLDS(answer.events[i].entry.mod_revision > 0);
    }
}

/* A line each for the status and the words of gRPC's, and the body; as an answer of HTTP's, too. */
static void error_try(ProtobufBytes message, const char *original) {
    static const unsigned statuses[] = {200, 400, 401, 403, 404, 500, 503, 504};
    FuzzInput input = {message.data, message.size};
    H2Request request = {};
    size_t size;
    _cleanup_free_ char *code = fuzz_take_line(&input), *words = fuzz_take_line(&input),
                        *body = fuzz_take_rest(&input, &size);
    h2_request_take_field(&request, "grpc-status", 11, code, strlen(code));
    h2_request_take_field(&request, "grpc-message", 12, words, strlen(words));
    for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
        _cleanup_error_ Error error = {};
        H2Answer answer = {
            .status = statuses[i], .body = body, .body_size = size, .request = &request};
        ProtobufBytes opened = {};
        int r = etcd_answer_open(&answer, &opened, &error);
        if (r < 0)
            refusal_check(r, &error);
        else
            HOLDS(opened.data + opened.size == body + size && strtoul(code, NULL, 10) == 0);
    }
    byte_buffer_done(&request.answer_fields.bytes);
}

static const struct {
    const char *name;
    void (*attempt)(ProtobufBytes message, const char *original);
} kinds[] = {
    {"range", range_try}, {"txn", txn_try},     {"lease", lease_try},
    {"token", token_try}, {"watch", watch_try}, {"error", error_try},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    size_t text_size;
    FuzzInput whole = {};
    _cleanup_free_ char *name = fuzz_take_line(&input);
    whole = input;
    _cleanup_free_ char *text = fuzz_take_rest(&input, &text_size);
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (streq(kinds[i].name, name))
            kinds[i].attempt((ProtobufBytes){text, text_size}, whole.data);
    return 0;
}
