/* Who wants to hear of which units. A name that was asked for is found by looking it up, so that a
 * change costs nothing for those who wait for something else; globs have to be tried one by one. */
#pragma once

#include "fleetd/base/map.h"

typedef struct Subscriptions Subscriptions;
typedef struct Subscription Subscription;

Subscriptions *subscriptions_new(void);                /* NULL when out of memory */
void subscriptions_free(Subscriptions *subscriptions); /* all of them must have been removed */

/* Patterns are names and globs; none at all asks for every unit. -ENOMEM. */
int subscriptions_add(Subscriptions *subscriptions, char *const *patterns, void *owner,
                      Subscription **ret);
void subscription_remove(Subscription *subscription); /* NULL is fine */

/* Calls back for each owner that wants this unit, once. The callback adds and removes none. */
void subscriptions_each(Subscriptions *subscriptions, const char *unit_name,
                        void (*each)(void *owner, void *userdata), void *userdata);

bool subscription_is_wide(const Subscription *subscription); /* wants more than names */
bool subscription_wants_all(const Subscription *subscription);
/* Whether one of its globs matches; always, if it wants all. */
bool subscription_matches(const Subscription *subscription, const char *unit_name);
char *const *subscription_names(const Subscription *subscription); /* those without a wildcard */
