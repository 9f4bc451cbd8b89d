/* What etcd complains of, as an errno. */
#pragma once

#include "fleetd/base/json.h"

/* From its words, else from its gRPC status code; -EPROTO for what is not known. -EKEYEXPIRED: a
 * new login is needed, and nothing was done; -EKEYREJECTED: the login was refused; -EOPNOTSUPP:
 * none is needed. */
int etcd_error_number(const char *message, int64_t code);

/* Sets the message to etcd's words, as far as they are fit to be printed, unless there are none.
 * Returns r. */
int etcd_error_tell(Error *reterr, int r, const char *words);

/* The error in an answer: the fields error, message and code of a plain one, or an object in the
 * field error in a stream. Negative; 0: there is none. */
int etcd_error_find(json_object *answer, Error *reterr);
