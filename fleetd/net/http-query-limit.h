/* How many parameters a request may have. */
#pragma once

#include <microhttpd.h>

/* libmicrohttpd's callback for the target of a request, before it is parsed; cls is the Listener.
 * The connection is noted as one whose request has too many parameters, or not. */
void *query_limit_on_uri(void *cls, const char *uri, struct MHD_Connection *connection);
