/* What a person can do about a failed connection: TLS libraries say what went wrong in their own
 * words, and not with which file. Pure. */
#pragma once

#include "fleetd/net/http-client.h"

typedef struct EtcdHintContext {
    const HttpTls *tls;
    bool is_https;
    bool has_answered; /* a member did before: it is not a matter of configuration */
} EtcdHintContext;

/* " (what to look at)", or "" if the message says enough. The caller frees; NULL when out of
 * memory. */
char *etcd_hint(const EtcdHintContext *context, const char *message);
