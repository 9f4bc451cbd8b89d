/* gRPC over HTTP/2, as far as fleet asks: the request is one message, the answer one or a stream of
 * them, and then a status. Pure. */
#pragma once

#include "fleetd/net/h2-client.h"
#include "fleetd/store/protobuf.h"

/* --- messages: each stands behind its length --- */

#define GRPC_PREFIX_SIZE ((size_t) 5)

/* Begins with an empty buffer. */
void grpc_message_open(ProtobufWriter *writer);
/* The message behind its prefix, for the caller to free. -ENOMEM; -E2BIG. */
int grpc_message_close(ProtobufWriter *writer, ByteBuffer *ret);

/* At the front of the data. 1; 0: it has not come whole; -EPROTO: no such message, or a compressed
 * one, for which nobody asked; -EMSGSIZE: longer than max. */
int grpc_message_find(char *data, size_t size, size_t max, ProtobufBytes *ret);

/* --- the status --- */

typedef struct GrpcStatus {
    unsigned code; /* 0: done */
    char *message; /* may be "" */
} GrpcStatus;

/* Of a whole answer. -EPROTO: it has none, so it is none of gRPC; -ENOMEM. */
int grpc_status_get(const H2Answer *answer, GrpcStatus *ret);
void grpc_status_done(GrpcStatus *status);
