/* Where ssh is to go, as it stands in --tunnel, and where a URL leads. Pure. */
#pragma once

#include "fleetd/base/error.h"

typedef struct SshAddress {
    char *host;    /* without the brackets of an IPv6 address */
    unsigned port; /* 0: not given */
} SshAddress;

/* HOST, HOST:PORT, an IPv6 address, or one in brackets with or without a port. What stands before
 * an '@' stays in host. -EINVAL with the rule. */
int ssh_address_parse(const char *text, SshAddress *ret, Error *reterr);

/* The host and port of an http:// or https:// URL; without a port the scheme's. */
int ssh_address_parse_url(const char *url, SshAddress *ret, Error *reterr);

void ssh_address_done(SshAddress *address);
#define _cleanup_ssh_address_ _cleanup_(ssh_address_done)

/* HOST:PORT, with brackets where they are needed. NULL when out of memory; the caller frees. */
char *ssh_address_format(const SshAddress *address);
