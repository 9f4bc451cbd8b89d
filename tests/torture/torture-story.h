/* What happens in a life on two simulated machines (torture-sim.c). */
#pragma once

#include "tests/sim/sim-cluster.h"

typedef struct StoryRun {
    SimCluster *cluster;
    int64_t revision; /* of the request that is waited for */
    SimNode *cut_off; /* machine; NULL: none */
    SimNode *drained; /* machine */
} StoryRun;

typedef struct StoryStage {
    const char *name;
    void (*act)(StoryRun *run);
    bool (*is_done)(StoryRun *run);
} StoryStage;

typedef struct Story {
    const char *name;
    const StoryStage *stages;
    size_t n_stages;
} Story;

#define N_STORIES 3
extern const Story stories[N_STORIES];

/* The units that must never run in two places, whatever the story. NULL-terminated. */
extern const char *const story_singles[];
