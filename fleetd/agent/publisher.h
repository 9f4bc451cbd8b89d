/* Brings what this machine says of its units to the store: keys of its own, such as
 * `state/<id>/<name>`, all under the presence's lease. What changes while a write is under way goes
 * with the next one, so that a burst costs a few transactions (pace.h). */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Publisher Publisher;

typedef struct PublisherCallbacks {
    void (*on_idle)(void *userdata); /* everything is in the store; not called if it already was */
    void (*on_refused)(void *userdata); /* this machine's presence is not its own any more */
    /* A write was given up and may still be on its way: it is tried again, but nothing that differs
     * from it should be written under the same place. */
    void (*on_unsure)(void *userdata);
} PublisherCallbacks;

int publisher_new(Store *store, Loop *loop, const char *machine_id,
                  const PublisherCallbacks *callbacks, void *userdata, Publisher **ret);
void publisher_free(Publisher *publisher);
DEFINE_POINTER_CLEANUP(Publisher, publisher_free)

/* The value of a key from now on; NULL deletes it. Copied. Unchanged values are not written again.
 * -ENOMEM. */
int publisher_set(Publisher *publisher, const char *key, const char *value);
/* Likewise, of a value that will soon be another one: it waits a little for that. */
int publisher_set_passing(Publisher *publisher, const char *key, const char *value);

/* The lease to write under, as long as this machine's key in the store is of that revision; it
 * makes everything be written anew. lease 0: hold everything back. */
void publisher_set_place(Publisher *publisher, int64_t lease, int64_t revision);
/* Likewise, as long as that key stands under held_lease. */
void publisher_set_place_held(Publisher *publisher, int64_t lease, int64_t held_lease);
bool publisher_is_idle(const Publisher *publisher);
