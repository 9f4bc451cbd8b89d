/* What etcd complains of, as an errno. */
#pragma once

#include "fleetd/net/h2-client.h"

/* From its words, else from its gRPC status code; -EPROTO for what is not known. -EKEYEXPIRED: a
 * new login is needed, and nothing was done; -EKEYREJECTED: the login was refused; -EOPNOTSUPP:
 * none is needed. */
int etcd_error_number(const char *message, int64_t code);

/* Sets the message to etcd's words, as far as they are fit to be printed, unless there are none.
 * Returns r. */
int etcd_error_tell(Error *reterr, int r, const char *words);

/* Of a whole answer, negative: what etcd complains of, with its words, or that it is none of etcd's
 * but a proxy's or another server's. 0: it was done. */
int etcd_error_check(const H2Answer *answer, Error *reterr);
