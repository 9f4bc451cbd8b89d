#include "tests/fakes/etcd-messages.h"

void etcd_add_text(ProtobufWriter *message, uint32_t number, const char *text) {
    protobuf_add_bytes(message, number, text, strlen(text));
}

void etcd_add_header(ProtobufWriter *message, uint64_t cluster, int64_t revision) {
    size_t header = protobuf_open(message, 1);
    protobuf_add_integer(message, 1, (int64_t) cluster);
    protobuf_add_integer(message, 2, 17); /* the member */
    protobuf_add_integer(message, 3, revision);
    protobuf_add_integer(message, 4, 2); /* the term */
    protobuf_close(message, header);
}

static void add_entry(ProtobufWriter *message, uint32_t number, const char *key, const char *value,
                      int64_t revision) {
    size_t entry = protobuf_open(message, number);
    etcd_add_text(message, 1, key);
    if (value)
        protobuf_add_integer(message, 2, 4);
    protobuf_add_integer(message, 3, revision);
    if (value)
        etcd_add_text(message, 5, value);
    protobuf_close(message, entry);
}

void etcd_add_entry(ProtobufWriter *message, const char *key, const char *value, int64_t revision) {
    add_entry(message, 2, key, value, revision);
}

void etcd_add_event(ProtobufWriter *message, const char *key, const char *value, int64_t revision) {
    size_t event = protobuf_open(message, 11);
    if (!value)
        protobuf_add_integer(message, 1, 1);
    add_entry(message, 2, key, value, revision);
    protobuf_close(message, event);
}
