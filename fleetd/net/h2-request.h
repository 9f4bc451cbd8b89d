/* One request of an H2Client: what is sent, and what has come of the answer. For h2-client.c and
 * h2-connection.c. */
#pragma once

#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/h2-client.h"

#include <sys/queue.h>

typedef struct H2Connection H2Connection;
typedef TAILQ_HEAD(H2RequestList, H2Request) H2RequestList;

typedef struct H2Texts { /* names and values, each with a NUL behind it */
    ByteBuffer bytes;
    size_t n; /* pairs */
} H2Texts;

struct H2Request {
    H2Client *client;             /* NULL once it has been removed from there */
    H2RequestList *list;          /* of the client's that it is in */
    TAILQ_ENTRY(H2Request) link;  /* there */
    H2RequestList *ready, *ended; /* the client's lists of what is to be handed out */

    H2Connection *connection;               /* NULL: it has ended there */
    TAILQ_ENTRY(H2Request) connection_link; /* there */
    int32_t stream;                         /* there; 0: it waits for its turn */

    char *path;
    H2Texts fields;
    ByteBuffer body;
    size_t n_sent; /* of the body */
    sd_event_source *timeout;

    unsigned status;
    H2Texts answer_fields;
    ByteBuffer received; /* the answer's body, or what on_data has not seen yet */
    size_t answer_max;
    bool is_streaming; /* the headers of a 200 answer came, and there is an on_data */
    bool is_whole;     /* the answer */
    int result;        /* how it ended */
    char message[256];

    H2Data on_data;
    H2Done on_done;
    void *userdata;
};

/* -ENOMEM. */
int h2_request_new(const H2Call *call, H2Request **ret);
void h2_request_free(H2Request *request); /* in no list */
DEFINE_POINTER_CLEANUP(H2Request, h2_request_free)

/* Between the client's lists. */
void h2_request_move(H2Request *request, H2RequestList *list);

/* Called by its connection. -EMSGSIZE: the answer is too long; -ENOMEM. */
int h2_request_take_field(H2Request *request, const void *name, size_t name_size, const void *value,
                          size_t value_size);
void h2_request_take_head(H2Request *request); /* the headers are whole */
int h2_request_take_data(H2Request *request, const void *data, size_t size);
/* Nothing more comes. message is for r < 0. */
void h2_request_end(H2Request *request, int r, const char *message);

const char *h2_texts_find(const H2Texts *texts, const char *name);
/* The next pair behind one; NULL: the first one. */
bool h2_texts_next(const H2Texts *texts, H2Field *pair);
