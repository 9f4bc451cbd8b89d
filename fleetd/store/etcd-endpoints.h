/* Which member of an etcd cluster is asked: one until it fails, then the next, while the failed one
 * is put aside for a time that grows. Decides only; time comes in as a parameter. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

typedef struct EtcdEndpoints EtcdEndpoints;

/* An http or https URL of host and port alone. -EINVAL; a password in it is not quoted. */
int etcd_url_check(const char *url, Error *reterr);

/* Each an http or https URL of host and port, in order of preference. -EINVAL: none, or one that is
 * no such URL or holds a password, which would end up in the log. */
int etcd_endpoints_new(char *const *urls, EtcdEndpoints **ret, Error *reterr);
void etcd_endpoints_free(EtcdEndpoints *endpoints);
DEFINE_POINTER_CLEANUP(EtcdEndpoints, etcd_endpoints_free)

size_t etcd_endpoints_size(const EtcdEndpoints *endpoints);
const char *etcd_endpoints_url(const EtcdEndpoints *endpoints,
                               size_t index); /* no slash at its end */

/* The one to ask now. */
size_t etcd_endpoints_preferred(const EtcdEndpoints *endpoints);

/* It answered. true: for the first time after a failure. */
bool etcd_endpoints_succeeded(EtcdEndpoints *endpoints, size_t index);

/* It did not answer, or not as an etcd. If it was the preferred one, another is now: the next one
 * that is not put aside, else the one whose failure is the longest ago. true: it had not failed
 * since it last answered. */
bool etcd_endpoints_failed(EtcdEndpoints *endpoints, size_t index, usec_t now);
