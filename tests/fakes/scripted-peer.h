/* An HTTP peer in the test's own event loop that answers with whatever bytes the test says, also
 * wrong ones, late or never. */
#pragma once

#include "fleetd/base/macros.h"

#include <sys/types.h>
#include <systemd/sd-event.h>

typedef struct ScriptedPeer ScriptedPeer;
typedef struct PeerConnection PeerConnection;

/* A request came whole. text is all of it, from the request line to the end of the body. */
typedef void (*PeerHandler)(PeerConnection *connection, const char *text, void *userdata);

/* Listens on a free port of 127.0.0.1, or on unix_path if that is not NULL. NULL on failure. */
ScriptedPeer *scripted_peer_new(sd_event *event, const char *unix_path, PeerHandler handler,
                                void *userdata);
void scripted_peer_free(ScriptedPeer *peer); /* closes everything */
DEFINE_POINTER_CLEANUP(ScriptedPeer, scripted_peer_free)

unsigned scripted_peer_port(const ScriptedPeer *peer);
unsigned scripted_peer_n_accepted(const ScriptedPeer *peer);
unsigned scripted_peer_n_requests(const ScriptedPeer *peer);
unsigned scripted_peer_n_open(const ScriptedPeer *peer); /* connections that nobody closed */

/* Bytes as they are; the peer waits until they are sent. */
void peer_connection_send(PeerConnection *connection, const void *data, size_t size);
/* A whole answer with Content-Length. */
void peer_connection_answer(PeerConnection *connection, unsigned status, const char *body);
/* One chunk of an answer with chunked encoding, whose headers the test has sent. */
void peer_connection_send_chunk(PeerConnection *connection, const char *data, size_t size);
#define PEER_CHUNKED_HEADERS \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
/* Who has connected, of a unix socket. */
pid_t peer_connection_pid(const PeerConnection *connection);
void peer_connection_close(PeerConnection *connection);
