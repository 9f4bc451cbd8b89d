/* What happens in the cluster, out of the stream of events: what differs from what was known. The
 * present, which comes first, is no news; but what changed while the stream was broken is. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

typedef struct EventTeller EventTeller;

typedef struct News {
    const char *kind; /* "placed", "failed", ...: docs/fleetctl.1 */
    char *unit;       /* NULL: it is about a machine, or none */
    char *machine_id; /* NULL: about none */
    char *text;       /* NULL: nothing more is to be said */
} News;

int event_teller_new(EventTeller **ret); /* -ENOMEM */
void event_teller_free(EventTeller *teller);
DEFINE_POINTER_CLEANUP(EventTeller, event_teller_free)

/* A line of the stream. -EBADMSG: not one of fleetd's. */
int event_teller_feed(EventTeller *teller, const char *line, size_t size, Error *reterr);

/* News, until they are cleared; NULL: there is no such index. What it points to moves with the next
 * line, its texts do not. */
const News *event_teller_get(const EventTeller *teller, size_t i);
void event_teller_clear(EventTeller *teller);
