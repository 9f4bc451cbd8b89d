/* The H2Client of net/h2-client.h without a network: linked in its place, it keeps requests until
 * the test answers them, in the pieces and at the time that the test says. */
#pragma once

#include "fleetd/net/h2-client.h"

/* The oldest request under way whose path ends so, NULL: there is none. */
H2Request *fed_call_find(const char *method);

/* Bytes of a 200 answer as they come, in pieces of those sizes, over and over; 0 counts as 1;
 * without sizes in one piece. false: the request is no more. */
bool fed_call_feed(H2Request *request, const char *data, size_t size, const uint8_t *sizes,
                   size_t n_sizes);
/* The answer is whole: with what was fed, or with body, and that status of gRPC's. */
void fed_call_end(H2Request *request, const char *body, size_t size, const char *status,
                  const char *message);
