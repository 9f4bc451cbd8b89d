#include "fleetd/store/protobuf.h"

#include <errno.h>

#define VARINT_MAX ((size_t) 10) /* bytes: 64 bits, 7 in each */

typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
} WireType;

/* --- reading --- */

typedef struct Token { /* a field as it stands in the text */
    uint64_t number;
    WireType type;
    uint64_t integer;
    ProtobufBytes bytes;
} Token;

static int read_varint(ProtobufBytes *rest, uint64_t *ret) {
    uint64_t value = 0;
    for (size_t i = 0; i < MIN(rest->size, VARINT_MAX); i++) {
        uint64_t byte = (unsigned char) rest->data[i];
        if (i == VARINT_MAX - 1 && byte > 1)
            return -EPROTO;
        value |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *rest = (ProtobufBytes){rest->data + i + 1, rest->size - i - 1};
            *ret = value;
            return 0;
        }
    }
    return -EPROTO;
}

static int read_span(ProtobufBytes *rest, uint64_t size, ProtobufBytes *ret) {
    if (size > rest->size)
        return -EPROTO;
    *ret = (ProtobufBytes){rest->data, (size_t) size};
    *rest = (ProtobufBytes){rest->data + size, rest->size - (size_t) size};
    return 0;
}

/* Numbers of a fixed size are in none of etcd's messages that fleet reads, and only passed over. */
static int read_content(ProtobufBytes *rest, Token *token) {
    ProtobufBytes ignored;
    int r;
    switch (token->type) {
    case WIRE_VARINT:
        return read_varint(rest, &token->integer);
    case WIRE_BYTES:
        r = read_varint(rest, &token->integer);
        return r < 0 ? r : read_span(rest, token->integer, &token->bytes);
    case WIRE_FIXED64:
        return read_span(rest, 8, &ignored);
    case WIRE_FIXED32:
        return read_span(rest, 4, &ignored);
    }
    return -EPROTO;
}

/* 1: a field; 0: the end. */
static int read_token(ProtobufBytes *rest, Token *ret) {
    uint64_t tag;
    if (rest->size == 0)
        return 0;
    int r = read_varint(rest, &tag);
    if (r < 0)
        return r;
    *ret = (Token){.number = tag >> 3, .type = (WireType) (tag & 7)};
    r = ret->number == 0 ? -EPROTO : read_content(rest, ret);
    return r < 0 ? r : 1;
}

static int token_store(const Token *token, const ProtobufField *field, void *ret) {
    bool is_bytes = field->type == PROTOBUF_BYTES || field->type == PROTOBUF_COUNT;
    void *target = (char *) ret + field->offset;
    if (token->type != (is_bytes ? WIRE_BYTES : WIRE_VARINT))
        return -EPROTO;
    if (field->type == PROTOBUF_INTEGER)
        *(uint64_t *) target = token->integer;
    else if (field->type == PROTOBUF_BOOL)
        *(bool *) target = token->integer != 0;
    else if (field->type == PROTOBUF_BYTES)
        *(ProtobufBytes *) target = token->bytes;
    else
        ++*(size_t *) target;
    return 0;
}

int protobuf_read(ProtobufBytes message, const ProtobufField *fields, size_t n_fields, void *ret) {
    Token token;
    int r;
    while ((r = read_token(&message, &token)) > 0) {
        if (token.number >= n_fields || fields[token.number].type == PROTOBUF_IGNORED)
            continue;
        r = token_store(&token, &fields[token.number], ret);
        if (r < 0)
            break;
    }
    return r;
}

int protobuf_read_next(ProtobufBytes *rest, uint32_t number, ProtobufBytes *ret) {
    Token token;
    int r;
    while ((r = read_token(rest, &token)) > 0)
        if (token.number == number && token.type == WIRE_BYTES) {
            *ret = token.bytes;
            break;
        }
    return r;
}

const char *protobuf_terminate(ProtobufBytes bytes) {
    if (!bytes.data)
        return "";
    char *text = bytes.data - 1;
    memmove(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return text;
}

/* --- writing --- */

static size_t format_varint(uint64_t value, unsigned char *ret) {
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        ret[n++] = (unsigned char) (value | 0x80);
    ret[n++] = (unsigned char) value;
    return n;
}

void protobuf_writer_done(ProtobufWriter *writer) {
    byte_buffer_done(&writer->buffer);
}

void protobuf_add_raw(ProtobufWriter *writer, const void *data, size_t size) {
    if (writer->r >= 0)
        writer->r = byte_buffer_append(&writer->buffer, data, size);
}

static void add_varint(ProtobufWriter *writer, uint64_t value) {
    unsigned char bytes[VARINT_MAX];
    protobuf_add_raw(writer, bytes, format_varint(value, bytes));
}

static void add_tag(ProtobufWriter *writer, uint32_t number, WireType type) {
    add_varint(writer, (uint64_t) number << 3 | type);
}

void protobuf_add_integer(ProtobufWriter *writer, uint32_t number, int64_t value) {
    add_tag(writer, number, WIRE_VARINT);
    add_varint(writer, (uint64_t) value);
}

void protobuf_add_bytes(ProtobufWriter *writer, uint32_t number, const void *data, size_t size) {
    add_tag(writer, number, WIRE_BYTES);
    add_varint(writer, size);
    protobuf_add_raw(writer, data, size);
}

/* With room for a length of one byte, which most have. */
size_t protobuf_open(ProtobufWriter *writer, uint32_t number) {
    add_tag(writer, number, WIRE_BYTES);
    add_varint(writer, 0);
    return writer->buffer.size;
}

void protobuf_close(ProtobufWriter *writer, size_t opened) {
    unsigned char length[VARINT_MAX];
    if (writer->r < 0)
        return;
    size_t size = writer->buffer.size - opened, n = format_varint(size, length);
    protobuf_add_raw(writer, length, n - 1); /* as much longer as the length is; moved over below */
    if (writer->r < 0)
        return;
    char *content = writer->buffer.data + opened;
    memmove(content + n - 1, content, size);
    memcpy(content - 1, length, n);
}
