#include "fleetd/api/subscriptions.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <errno.h>
#include <sys/queue.h>

typedef struct NameLink { /* one name of one subscription */
    Subscription *subscription;
    LIST_ENTRY(NameLink) siblings; /* the others that ask for that name */
} NameLink;

typedef LIST_HEAD(NameLinks, NameLink) NameLinks;

struct Subscription {
    Subscriptions *all;
    void *owner;
    char **names, **globs;
    NameLink *links; /* as many as there are names */
    size_t n_links;  /* that are in a list */
    bool is_wide;    /* asks for more than names */
    uint64_t called; /* the call of subscriptions_each() that reached it last */
    LIST_ENTRY(Subscription) siblings;
};

struct Subscriptions {
    Map *by_name; /* name -> NameLinks */
    LIST_HEAD(, Subscription) wide;
    uint64_t n_calls;
};

Subscriptions *subscriptions_new(void) {
    Subscriptions *subscriptions = calloc(1, sizeof(Subscriptions));
    if (!subscriptions)
        return NULL;
    subscriptions->by_name = map_new(free);
    if (subscriptions->by_name)
        return subscriptions;
    free(subscriptions);
    return NULL;
}

void subscriptions_free(Subscriptions *subscriptions) {
    if (!subscriptions)
        return;
    map_free(subscriptions->by_name);
    free(subscriptions);
}

static void name_unlink(Subscription *subscription, size_t i) {
    Map *by_name = subscription->all->by_name;
    LIST_REMOVE(&subscription->links[i], siblings);
    const NameLinks *links = map_get(by_name, subscription->names[i]);
    if (LIST_EMPTY(links))
        map_remove(by_name, subscription->names[i]);
}

static int name_link(Subscription *subscription, size_t i) {
    Map *by_name = subscription->all->by_name;
    NameLinks *links = map_get(by_name, subscription->names[i]);
    if (!links) {
        links = calloc(1, sizeof(NameLinks));
        if (!links || map_put(by_name, subscription->names[i], links) < 0) {
            free(links);
            return -ENOMEM;
        }
    }
    subscription->links[i].subscription = subscription;
    LIST_INSERT_HEAD(links, &subscription->links[i], siblings);
    return 0;
}

void subscription_remove(Subscription *subscription) {
    if (!subscription)
        return;
    while (subscription->n_links > 0)
        name_unlink(subscription, --subscription->n_links);
    if (subscription->is_wide)
        LIST_REMOVE(subscription, siblings);
    free(subscription->links);
    strv_free(subscription->names);
    strv_free(subscription->globs);
    free(subscription);
}
DEFINE_POINTER_CLEANUP(Subscription, subscription_remove)

static int patterns_sort(Subscription *subscription, char *const *patterns) {
    STRV_FOREACH (pattern, patterns) {
        char ***list =
            (*pattern)[strcspn(*pattern, "*?[")] ? &subscription->globs : &subscription->names;
        if (strv_contains(*list, *pattern))
            continue;
        int r = strv_push(list, *pattern);
        if (r < 0)
            return r;
    }
    return 0;
}

static int names_link(Subscription *subscription) {
    size_t n = strv_length(subscription->names);
    if (n == 0)
        return 0;
    subscription->links = calloc(n, sizeof(NameLink));
    if (!subscription->links)
        return -ENOMEM;
    for (; subscription->n_links < n; subscription->n_links++) {
        int r = name_link(subscription, subscription->n_links);
        if (r < 0)
            return r;
    }
    return 0;
}

int subscriptions_add(Subscriptions *subscriptions, char *const *patterns, void *owner,
                      Subscription **ret) {
    _cleanup_(subscription_removep) Subscription *subscription = calloc(1, sizeof(Subscription));
    if (!subscription)
        return -ENOMEM;
    subscription->all = subscriptions;
    subscription->owner = owner;
    int r = patterns_sort(subscription, patterns);
    if (r >= 0)
        r = names_link(subscription);
    if (r < 0)
        return r;
    subscription->is_wide = subscription->globs || !subscription->names;
    if (subscription->is_wide)
        LIST_INSERT_HEAD(&subscriptions->wide, subscription, siblings);
    *ret = TAKE_PTR(subscription);
    return 0;
}

void subscriptions_each(Subscriptions *subscriptions, const char *unit_name,
                        void (*each)(void *owner, void *userdata), void *userdata) {
    uint64_t call = ++subscriptions->n_calls;
    const NameLinks *links = map_get(subscriptions->by_name, unit_name);
    for (const NameLink *link = links ? LIST_FIRST(links) : NULL; link;
         link = LIST_NEXT(link, siblings)) {
        link->subscription->called = call;
        each(link->subscription->owner, userdata);
    }
    Subscription *wide;
    LIST_FOREACH (wide, &subscriptions->wide, siblings)
        if (wide->called != call && subscription_matches(wide, unit_name))
            each(wide->owner, userdata);
}

bool subscription_is_wide(const Subscription *subscription) {
    return subscription->is_wide;
}

bool subscription_wants_all(const Subscription *subscription) {
    return subscription->is_wide && !subscription->globs;
}

bool subscription_matches(const Subscription *subscription, const char *unit_name) {
    return subscription_wants_all(subscription) ||
           requirements_glob_matches(subscription->globs, unit_name);
}

char *const *subscription_names(const Subscription *subscription) {
    return subscription->names;
}
