#include "fleetd/store/grpc.h"

#include "fleetd/base/strv.h"

#include <ctype.h>
#include <errno.h>

/* A byte that is 0 as nothing is compressed, and the length in 4 bytes, the largest first. */
void grpc_message_open(ProtobufWriter *writer) {
    static const char prefix[GRPC_PREFIX_SIZE] = {};
    protobuf_add_raw(writer, prefix, sizeof(prefix));
}

int grpc_message_close(ProtobufWriter *writer, ByteBuffer *ret) {
    if (writer->r < 0)
        return writer->r;
    size_t size = writer->buffer.size - GRPC_PREFIX_SIZE;
    if (size > UINT32_MAX)
        return -E2BIG;
    for (size_t i = 1; i < GRPC_PREFIX_SIZE; i++)
        writer->buffer.data[i] = (char) (size >> 8 * (GRPC_PREFIX_SIZE - 1 - i));
    *ret = writer->buffer;
    writer->buffer = (ByteBuffer){};
    return 0;
}

int grpc_message_find(char *data, size_t size, size_t max, ProtobufBytes *ret) {
    size_t length = 0;
    if (size > 0 && data[0] != 0)
        return -EPROTO;
    if (size < GRPC_PREFIX_SIZE)
        return 0;
    for (size_t i = 1; i < GRPC_PREFIX_SIZE; i++)
        length = length << 8 | (unsigned char) data[i];
    if (length > max)
        return -EMSGSIZE;
    if (length > size - GRPC_PREFIX_SIZE)
        return 0;
    *ret = (ProtobufBytes){data + GRPC_PREFIX_SIZE, length};
    return 1;
}

static int hex_value(char c) {
    return isdigit((unsigned char) c)               ? c - '0'
           : strchr("abcdef", tolower(c)) && c != 0 ? tolower(c) - 'a' + 10
                                                    : -1;
}

/* In place. What is no escape stays as it is. */
static void percent_decode(char *text) {
    char *out = text;
    for (const char *in = text; *in; in++) {
        int high = *in == '%' ? hex_value(in[1]) : -1;
        int low = high >= 0 ? hex_value(in[2]) : -1;
        *out++ = low >= 0 ? (char) (high << 4 | low) : *in;
        in += low >= 0 ? 2 : 0;
    }
    *out = '\0';
}

int grpc_status_get(const H2Answer *answer, GrpcStatus *ret) {
    char *end;
    const char *code = h2_answer_field(answer, "grpc-status");
    if (!code || !isdigit((unsigned char) *code))
        return -EPROTO;
    unsigned long number = strtoul(code, &end, 10);
    if (*end != '\0' || number > INT32_MAX)
        return -EPROTO;
    char *message = strdup(str_or(h2_answer_field(answer, "grpc-message"), ""));
    if (!message)
        return -ENOMEM;
    percent_decode(message);
    *ret = (GrpcStatus){.code = (unsigned) number, .message = message};
    return 0;
}

void grpc_status_done(GrpcStatus *status) {
    free(status->message);
    *status = (GrpcStatus){};
}
