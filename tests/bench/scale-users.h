/* Users who ask one fleetd's API for units, several at a time. */
#pragma once

#include "fleetd/net/http-client.h"

typedef struct ScaleUsers ScaleUsers;

/* Asks through the API on that unix socket. on_asking is called when a request goes out. */
ScaleUsers *scale_users_new(sd_event *event, const char *socket,
                            void (*on_asking)(size_t unit, uint8_t version, void *userdata),
                            void *userdata);
void scale_users_free(ScaleUsers *users);
DEFINE_POINTER_CLEANUP(ScaleUsers, scale_users_free)

/* n units, from first on in steps, are to run with that text, which is the version's. Begins when
 * what was asked before is answered. */
typedef struct ScaleWish {
    size_t first, n, step;
    uint8_t version;
    const char *text; /* borrowed */
} ScaleWish;
void scale_users_ask(ScaleUsers *users, const ScaleWish *wish);
bool scale_users_are_content(void *users); /* all is acknowledged; a predicate */
size_t scale_users_count_retries(const ScaleUsers *users);
