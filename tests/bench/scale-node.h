/* One machine of bench-scale: a fleetd on the real loop, put together as fleetd/daemon.c does, but
 * for a simulated systemd. Failures end the program. */
#pragma once

#include "fleetd/net/loop.h"
#include "tests/bench/watch-meter.h"

#include <systemd/sd-event.h>

typedef struct ScaleNode ScaleNode;

typedef struct ScaleNodeOptions {
    sd_event *event;
    Loop *loop;
    Store *store;       /* borrowed */
    size_t number;      /* makes its id: scale_node_id() */
    usec_t ttl_usec;    /* agent_ttl */
    const char *socket; /* it has an engine, and its API here; NULL: it is an agent only */
} ScaleNodeOptions;

ScaleNode *scale_node_new(const ScaleNodeOptions *options);
/* At once, without a farewell: a power cut, as far as the others see. */
void scale_node_free(ScaleNode *node);
DEFINE_POINTER_CLEANUP(ScaleNode, scale_node_free)

/* What its watches were told since the last time. */
WatchCount scale_node_take_count(ScaleNode *node);

void scale_node_id(size_t number, char ret[MACHINE_ID_LENGTH + 1]);
/* SIZE_MAX: not one of ours. */
size_t scale_node_number(const char *id);
