/* A gRPC server in the test's own event loop that answers what the test says, also wrongly, late or
 * never. */
#pragma once

#include "fleetd/store/protobuf.h"

#include <systemd/sd-event.h>

typedef struct GrpcPeer GrpcPeer;
typedef struct PeerCall PeerCall; /* until its stream is closed, by whomever */

/* A request came whole. */
typedef void (*PeerCallHandler)(PeerCall *call, void *userdata);

/* Listens on a free port of 127.0.0.1. NULL on failure. */
GrpcPeer *grpc_peer_new(sd_event *event, PeerCallHandler handler, void *userdata);
void grpc_peer_free(GrpcPeer *peer); /* closes everything */

unsigned grpc_peer_port(const GrpcPeer *peer);
unsigned grpc_peer_n_accepted(const GrpcPeer *peer);
unsigned grpc_peer_n_requests(const GrpcPeer *peer);
unsigned grpc_peer_n_open(const GrpcPeer *peer);      /* connections that nobody closed */
size_t grpc_peer_n_unread(const GrpcPeer *peer);      /* bytes that wait in its connections */
unsigned grpc_peer_n_cancelled(const GrpcPeer *peer); /* calls that the client gave up */

const char *peer_call_path(const PeerCall *call);
bool peer_call_is(const PeerCall *call, const char *method);         /* at the end of the path */
const char *peer_call_field(const PeerCall *call, const char *name); /* NULL: not sent */
const char *peer_call_body(const PeerCall *call, size_t *ret_size);

/* Bytes of the body as they are; the headers go before the first of them. */
void peer_call_send(PeerCall *call, const void *data, size_t size);
/* Headers only. */
void peer_call_begin(PeerCall *call);
/* The message that was written, behind its prefix; the writer is empty then. */
void peer_call_send_message(PeerCall *call, ProtobufWriter *message_take);
/* The status, behind what was sent; also alone. */
void peer_call_end(PeerCall *call, unsigned status, const char *message);
/* One message and a good status. */
void peer_call_answer(PeerCall *call, ProtobufWriter *message_take);
/* As whoever is no gRPC server. */
void peer_call_answer_http(PeerCall *call, unsigned status, const char *body);
/* No answer: the stream is reset with that code of HTTP/2's, or the connection closed. */
void peer_call_reset(PeerCall *call, uint32_t code);
void peer_call_hang_up(PeerCall *call);
/* It says that it goes away: calls after this one were not looked at. */
void peer_call_go_away(PeerCall *call);
