/* Nobody should be alone by mistake: CoreOS fleet found its etcd without an option. A machine with
 * an embedded store looks once whether one answers there, and warns. */
#pragma once

#include "fleetd/net/http-client.h"

/* NULL, without a word, if it cannot look. The caller frees it. */
HttpClient *lonely_check_start(sd_event *event);
