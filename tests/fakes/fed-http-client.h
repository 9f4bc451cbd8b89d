/* The HttpClient of net/http-client.h without a network: linked in its place, it keeps requests
 * until the test answers them, in the pieces and at the time that the test says. */
#pragma once

#include "fleetd/net/http-client.h"

/* The oldest request under way whose URL holds that text, NULL: there is none. */
HttpRequest *fed_request_find(const char *url_part);

/* Bytes of a 200 answer as they come; of one without HttpData they are kept as the body. false: the
 * request is no more. */
bool fed_request_feed(HttpRequest *request, const char *data, size_t size);
/* The same, in pieces of those sizes, over and over; 0 counts as 1. Without sizes in one piece. */
bool fed_request_feed_pieces(HttpRequest *request, const char *data, size_t size,
                             const uint8_t *sizes, size_t n_sizes);
/* The answer is whole: with body, or with what was fed. */
void fed_request_end(HttpRequest *request, unsigned status, const char *body, size_t size);
void fed_request_fail(HttpRequest *request, int r, const char *message);
