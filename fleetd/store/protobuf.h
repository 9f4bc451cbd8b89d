/* Messages in the wire format of Protocol Buffers: what etcd is asked in, and answers in. Reads in
 * place; knows no kinds of messages. Pure. */
#pragma once

#include "fleetd/net/byte-buffer.h"

#include <stdint.h>

/* --- reading --- */

typedef struct ProtobufBytes { /* in the text that is read; of an absent field all 0 */
    char *data;
    size_t size;
} ProtobufBytes;

typedef enum ProtobufType {
    PROTOBUF_IGNORED,
    PROTOBUF_INTEGER, /* int64_t or uint64_t; of an int32 or an enum, too */
    PROTOBUF_BOOL,    /* bool */
    PROTOBUF_BYTES,   /* ProtobufBytes: bytes, a string or a message */
    PROTOBUF_COUNT,   /* size_t: how many there are of such a field */
} ProtobufType;

/* Where a field goes. A kind of message is a table of them, in which a field's number is its place.
 */
typedef struct ProtobufField {
    ProtobufType type;
    size_t offset; /* in the struct */
} ProtobufField;

/* What is in no table is ignored, of several values of one field the last one counts, and absent
 * fields are left as they are. -EPROTO: the text is cut short, has groups, or a field of another
 * type. */
int protobuf_read(ProtobufBytes message, const ProtobufField *fields, size_t n_fields, void *ret);

/* The next one of a repeated message; *rest begins as the whole, and is what is behind it then. 1;
 * 0: there is none; -EPROTO. */
int protobuf_read_next(ProtobufBytes *rest, uint32_t number, ProtobufBytes *ret);

/* As a string: what was read is moved over the end of its own length, so that there is room for a
 * NUL; "" if absent. To be done once, and nothing may read the field again. */
const char *protobuf_terminate(ProtobufBytes bytes);

/* --- writing --- */

/* Grows at the end; a failure shows in r. */
typedef struct ProtobufWriter {
    ByteBuffer buffer;
    int r;
} ProtobufWriter;

void protobuf_writer_done(ProtobufWriter *writer);
#define _cleanup_protobuf_ _cleanup_(protobuf_writer_done)

void protobuf_add_raw(ProtobufWriter *writer, const void *data, size_t size); /* no field */
void protobuf_add_integer(ProtobufWriter *writer, uint32_t number, int64_t value);
void protobuf_add_bytes(ProtobufWriter *writer, uint32_t number, const void *data, size_t size);

/* A field whose content is what is added until it is closed. */
size_t protobuf_open(ProtobufWriter *writer, uint32_t number);
void protobuf_close(ProtobufWriter *writer, size_t opened);
