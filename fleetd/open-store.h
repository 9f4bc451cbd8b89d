/* The store that the configuration asks for: etcd, or the embedded one. */
#pragma once

#include "fleetd/configuration.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

#include <systemd/sd-event.h>

/* loop is that of event. Errors name the option or the file. */
int open_store(const Config *config, sd_event *event, Loop *loop, Store **ret, Error *reterr);
