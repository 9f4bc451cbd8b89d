/* The PEM files that fleetd shows to etcd, or holds it against: looked at when fleetd starts,
 * rather than when the first connection fails. */
#pragma once

#include "fleetd/base/error.h"

/* It has a certificate. -EINVAL, or the errno of reading it: the message names the file. */
int tls_authorities_check(const char *path, Error *reterr);
/* The same of a certificate. *ret_warning: why it is of no use now, all the same; the caller frees.
 */
int tls_certificate_check(const char *path, char **ret_warning, Error *reterr);
/* It is the key, without a passphrase, of that certificate. */
int tls_key_check(const char *path, const char *certificate_path, Error *reterr);
