/* Follows the stream of events until something has come to pass: the loop around an event reader,
 * which tells between the callbacks, as that may need further requests. */
#pragma once

#include "fleetctl/api/context.h"

typedef struct EventFollower {
    void (*on_begin)(void *userdata); /* of a stream; as EventHandler's */
    int (*on_line)(const char *line, size_t size, void *userdata);
    void (*on_lost)(void *userdata);       /* before that is said; NULL: nothing */
    void (*tell)(void *userdata);          /* what is new, to the user */
    bool (*is_over)(const void *userdata); /* asked after that */
    void *userdata;
} EventFollower;

/* 0: is_over said so; EXIT_INTERRUPTED: the user did, which has not been told; negative: the stream
 * cannot be had. */
int event_follow(Context *context, const char *path, const EventFollower *follower, Error *reterr);
