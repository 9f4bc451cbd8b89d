/* Field numbers are those of etcd's rpc.proto; a field that would be 0 is left out. */
#include "fleetd/store/etcd-request.h"

#include "fleetd/base/strv.h"
#include "fleetd/store/grpc.h"

/* A request that is being written; a failure shows when it is closed. */
typedef struct Request {
    ProtobufWriter writer;
    const char *prefix;
} Request;

static Request request_open(const char *prefix) {
    Request request = {.prefix = prefix};
    grpc_message_open(&request.writer);
    return request;
}

static int request_close(Request *request, ByteBuffer *ret) {
    int r = grpc_message_close(&request->writer, ret);
    protobuf_writer_done(&request->writer);
    return r;
}

static void add_number(Request *request, uint32_t field, int64_t number) {
    if (number != 0)
        protobuf_add_integer(&request->writer, field, number);
}

typedef enum KeyForm {
    KEY_ITSELF,
    KEY_NEXT,      /* the first key behind it: a NUL byte more */
    KEY_RANGE_END, /* the first key behind all that begin with it */
} KeyForm;

/* In place; 0: there is no key behind. The last byte that can grow does, and ends the key. */
static size_t key_make_range_end(char *key, size_t size) {
    while (size > 0 && (unsigned char) key[size - 1] == 0xff)
        size--;
    if (size > 0)
        key[size - 1]++;
    return size;
}

/* The empty key is the NUL byte to etcd: as a key the first one of all, as an end no end. */
static void add_key(Request *request, uint32_t field, const char *key, KeyForm form) {
    ProtobufWriter *writer = &request->writer;
    size_t opened = protobuf_open(writer, field);
    protobuf_add_raw(writer, request->prefix, strlen(request->prefix));
    protobuf_add_raw(writer, key, strlen(key));
    if (writer->r >= 0 && form == KEY_RANGE_END)
        writer->buffer.size =
            opened + key_make_range_end(writer->buffer.data + opened, writer->buffer.size - opened);
    if (writer->buffer.size == opened || form == KEY_NEXT)
        protobuf_add_raw(writer, "", 1);
    protobuf_close(writer, opened);
}

/* The fields key and, for a prefix, range_end: 1 and 2 wherever keys are selected. */
static void add_selection(Request *request, const StoreRange *range) {
    if (range->is_prefix && range->after && strcmp(range->after, range->key) >= 0)
        add_key(request, 1, range->after, KEY_NEXT);
    else
        add_key(request, 1, range->key, KEY_ITSELF);
    if (range->is_prefix && range->before)
        add_key(request, 2, range->before, KEY_ITSELF);
    else if (range->is_prefix)
        add_key(request, 2, range->key, KEY_RANGE_END);
}

int etcd_range_format(const char *prefix, const StoreRange *range, ByteBuffer *ret) {
    enum { LIMIT = 3, REVISION = 4, KEYS_ONLY = 8 };
    Request request = request_open(prefix);
    add_selection(&request, range);
    add_number(&request, LIMIT, (int64_t) MIN(range->limit, (size_t) INT64_MAX));
    add_number(&request, REVISION, range->revision);
    add_number(&request, KEYS_ONLY, range->is_keys_only);
    return request_close(&request, ret);
}

/* The number of the target, and the field that is compared with it. */
static const struct {
    int64_t target;
    uint32_t field;
} compare_targets[] = {
    [STORE_COMPARE_CREATE_REVISION] = {1, 5},
    [STORE_COMPARE_MOD_REVISION] = {2, 6},
    [STORE_COMPARE_LEASE] = {4, 8},
};

/* That the key is there: it was created at a revision greater than 0. */
static void add_presence(Request *request, uint32_t field, const char *key) {
    enum { RESULT = 1, GREATER = 1, TARGET = 2, CREATE = 1, KEY = 3, CREATE_REVISION = 5 };
    size_t opened = protobuf_open(&request->writer, field);
    add_number(request, RESULT, GREATER);
    add_number(request, TARGET, CREATE);
    add_key(request, KEY, key, KEY_ITSELF);
    protobuf_add_integer(&request->writer, CREATE_REVISION, 0);
    protobuf_close(&request->writer, opened);
}

/* For equality, which is 0. */
static void add_compare(Request *request, uint32_t field, const StoreCompare *compare) {
    enum { TARGET = 2, KEY = 3 };
    size_t opened = protobuf_open(&request->writer, field);
    add_number(request, TARGET, compare_targets[compare->target].target);
    add_key(request, KEY, compare->key, KEY_ITSELF);
    protobuf_add_integer(&request->writer, compare_targets[compare->target].field, compare->number);
    protobuf_close(&request->writer, opened);
}

static void add_put(Request *request, const StoreWrite *write) {
    enum { KEY = 1, VALUE = 2, LEASE = 3 };
    const char *value = str_or(write->value, "");
    add_key(request, KEY, write->key, KEY_ITSELF);
    protobuf_add_bytes(&request->writer, VALUE, value,
                       write->value_size > 0 ? write->value_size : strlen(value));
    add_number(request, LEASE, write->lease);
}

static void add_operation(Request *request, uint32_t field, const StoreWrite *write) {
    enum { PUT = 2, DELETE_RANGE = 3 };
    const StoreRange keys = {.key = write->key, .is_prefix = write->kind == STORE_DELETE_PREFIX};
    bool is_put = write->kind == STORE_PUT;
    size_t operation = protobuf_open(&request->writer, field);
    size_t content = protobuf_open(&request->writer, is_put ? PUT : DELETE_RANGE);
    if (is_put)
        add_put(request, write);
    else
        add_selection(request, &keys);
    protobuf_close(&request->writer, content);
    protobuf_close(&request->writer, operation);
}

enum { COMPARE = 1, SUCCESS = 2 };

/* One that depends on a key is a transaction of its own inside. */
static void add_write(Request *request, uint32_t field, const StoreWrite *write) {
    enum { TXN = 4 };
    if (!write->only_with) {
        add_operation(request, field, write);
        return;
    }
    size_t operation = protobuf_open(&request->writer, field);
    size_t content = protobuf_open(&request->writer, TXN);
    add_presence(request, COMPARE, write->only_with);
    add_operation(request, SUCCESS, write);
    protobuf_close(&request->writer, content);
    protobuf_close(&request->writer, operation);
}

int etcd_txn_format(const char *prefix, const StoreTxn *txn, ByteBuffer *ret) {
    Request request = request_open(prefix);
    for (size_t i = 0; i < txn->n_compares; i++)
        add_compare(&request, COMPARE, &txn->compares[i]);
    for (size_t i = 0; i < txn->n_writes; i++)
        add_write(&request, SUCCESS, &txn->writes[i]);
    return request_close(&request, ret);
}

int etcd_watch_format(const char *prefix, const StoreWatch *watch, ByteBuffer *ret) {
    enum { CREATE_REQUEST = 1, START_REVISION = 3 };
    const StoreRange keys = {
        .key = watch->key, .is_prefix = watch->is_prefix, .before = watch->before};
    Request request = request_open(prefix);
    size_t opened = protobuf_open(&request.writer, CREATE_REQUEST);
    add_selection(&request, &keys);
    add_number(&request, START_REVISION, watch->start_revision);
    protobuf_close(&request.writer, opened);
    return request_close(&request, ret);
}

int etcd_grant_format(usec_t ttl_usec, ByteBuffer *ret) {
    Request request = request_open("");
    usec_t seconds = ttl_usec / USEC_PER_SEC + (ttl_usec % USEC_PER_SEC > 0);
    add_number(&request, 1, (int64_t) MAX(seconds, (usec_t) 1));
    return request_close(&request, ret);
}

int etcd_lease_format(int64_t lease, ByteBuffer *ret) {
    Request request = request_open("");
    add_number(&request, 1, lease);
    return request_close(&request, ret);
}

int etcd_login_format(const char *username, const char *password, ByteBuffer *ret) {
    Request request = request_open("");
    protobuf_add_bytes(&request.writer, 1, username, strlen(username));
    protobuf_add_bytes(&request.writer, 2, password, strlen(password));
    return request_close(&request, ret);
}
