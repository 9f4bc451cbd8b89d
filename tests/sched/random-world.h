/* Random clusters with random histories, as a seed says: what properties are tried on. */
#pragma once

#include "tests/sched/world.h"

#define N_MACHINES 5
#define N_UNITS 10
#define N_ROUNDS_MAX 60 /* to come to rest; a handful is usual */

typedef struct Chance {
    uint64_t state;
} Chance;

/* Below n. */
size_t chance_pick(Chance *chance, size_t n);
size_t chance_pick_for_shuffle(void *userdata, size_t n);
bool chance_maybe(Chance *chance, size_t percent);

/* The caller frees. */
char *some_machine(Chance *chance);
/* [X-Fleet] options for a unit of that name; and whether another one may have them. */
char *some_options(Chance *chance, const char *name);
bool options_are_allowed(const char *name, const char *options);

/* Something that is put there, or taken away. */
void put_machine(World *world, Chance *chance);
void set_capacity(World *world, Chance *chance);
void put_unit(World *world, Chance *chance);
void want_unit(World *world, Chance *chance);
void remove_unit(World *world, Chance *chance);
void maintain(World *world, Chance *chance);
/* Any of that, or what machines do, or whoever leads. */
void something_happens(World *world, Chance *chance);

/* Machines that restart come back, and then all sides go on until nobody has anything to do. */
void come_to_rest(World *world);
/* Some machines and units, at rest. */
World *some_settled_world(Chance *chance);

/* A set of them. */
Map *list_keys(const Map *map);
