#include "fleetd/store/gathering-store.h"

#include "fleetd/base/map.h"
#include "fleetd/store/store-request.h"

#include <errno.h>
#include <sys/queue.h>

/* Far from what etcd takes for one request (1.5 MiB). */
#define GROUP_BYTES_MAX ((size_t) 512 * 1024)

/* A transaction of somebody. */
typedef struct Member {
    StoreOp op;
    StoreTxn *txn;
    StoreTxnDone done; /* NULL: cancelled on its way */
    void *userdata;
    bool is_under_way; /* those that are come first in the queue */
    bool is_single;    /* a group with it has failed */
    TAILQ_ENTRY(Member) siblings;
} Member;

typedef struct GatheringStore {
    Store store;
    Store *inner;
    Timer *timer;
    StoreOp *op;
    size_t n_under_way;
    TAILQ_HEAD(, Member) queue;
} GatheringStore;

/* --- a group --- */

/* The transaction in the making; borrows from its members. */
typedef struct Group {
    StoreCompare compares[STORE_TXN_MAX];
    StoreWrite writes[STORE_TXN_MAX];
    size_t n_compares, n_writes, n_bytes, n_members;
    Map *keys; /* compared or written -> the StoreWrite, or NULL */
} Group;

static bool txn_compares_as_existing(const StoreTxn *txn, const char *key) {
    for (size_t i = 0; i < txn->n_compares; i++)
        if (streq(txn->compares[i].key, key) && txn->compares[i].target != STORE_COMPARE_LEASE &&
            txn->compares[i].number != 0)
            return true;
    return false;
}

/* Whether it changes something was asked for as well, so in a group each must be sure to; and no
 * write of it may depend on others. */
static bool txn_can_be_joined(const StoreTxn *txn) {
    bool has_change = false;
    for (size_t i = 0; i < txn->n_writes; i++) {
        const StoreWrite *write = &txn->writes[i];
        if (write->only_with)
            return false;
        has_change |= write->kind == STORE_PUT ||
                      (write->kind == STORE_DELETE && txn_compares_as_existing(txn, write->key));
    }
    return has_change;
}

static bool write_is_same(const StoreWrite *a, const StoreWrite *b) {
    return a->kind == STORE_PUT && b->kind == STORE_PUT && a->lease == b->lease &&
           a->value_size == b->value_size && memcmp(a->value, b->value, a->value_size) == 0;
}

static bool prefix_is_free(const char *prefix, const StoreCompare *compares, size_t n_compares,
                           const StoreWrite *writes, size_t n_writes) {
    for (size_t i = 0; i < n_compares; i++)
        if (store_key_begins(compares[i].key, prefix))
            return false;
    for (size_t i = 0; i < n_writes; i++)
        if (store_key_begins(writes[i].key, prefix))
            return false;
    return true;
}

/* Neither deletes what the other has to do with by a prefix of it. */
static bool group_leaves_prefixes(const Group *group, const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_writes; i++)
        if (txn->writes[i].kind == STORE_DELETE_PREFIX &&
            !prefix_is_free(txn->writes[i].key, group->compares, group->n_compares, group->writes,
                            group->n_writes))
            return false;
    for (size_t i = 0; i < group->n_writes; i++)
        if (group->writes[i].kind == STORE_DELETE_PREFIX &&
            !prefix_is_free(group->writes[i].key, txn->compares, txn->n_compares, txn->writes,
                            txn->n_writes))
            return false;
    return true;
}

/* No member may depend on what another one does. Of what several put alike, a unit file, one put is
 * enough. */
static bool group_bears(const Group *group, const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_compares; i++)
        if (map_has(group->keys, txn->compares[i].key))
            return false;
    for (size_t i = 0; i < txn->n_writes; i++) {
        const StoreWrite *other = map_get(group->keys, txn->writes[i].key);
        if (map_has(group->keys, txn->writes[i].key) &&
            (!other || !write_is_same(other, &txn->writes[i])))
            return false;
    }
    return group_leaves_prefixes(group, txn);
}

static size_t txn_bytes(const StoreTxn *txn) {
    size_t n = 0;
    for (size_t i = 0; i < txn->n_writes; i++)
        n += txn->writes[i].value_size;
    return n;
}

static bool group_has_room(const Group *group, const StoreTxn *txn) {
    return group->n_compares + txn->n_compares <= STORE_TXN_MAX &&
           group->n_writes + txn->n_writes <= STORE_TXN_MAX &&
           group->n_bytes + txn_bytes(txn) <= GROUP_BYTES_MAX;
}

static int group_add(Group *group, const StoreTxn *txn) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < txn->n_compares; i++) {
        group->compares[group->n_compares++] = txn->compares[i];
        r = map_put(group->keys, txn->compares[i].key, NULL);
    }
    for (size_t i = 0; r >= 0 && i < txn->n_writes; i++) {
        if (map_get(group->keys, txn->writes[i].key))
            continue;
        group->writes[group->n_writes++] = txn->writes[i];
        r = map_put(group->keys, txn->writes[i].key, (void *) &txn->writes[i]);
    }
    group->n_bytes += txn_bytes(txn);
    group->n_members++;
    return r;
}

static int group_fill(Group *group, const GatheringStore *gathering) {
    const Member *member;
    TAILQ_FOREACH(member, &gathering->queue, siblings) {
        bool is_single = member->is_single || !txn_can_be_joined(member->txn);
        bool fits =
            !is_single && group_has_room(group, member->txn) && group_bears(group, member->txn);
        if (group->n_members > 0 && !fits)
            return 0;
        int r = group_add(group, member->txn);
        if (r < 0 || is_single)
            return r;
    }
    return 0;
}

/* --- on its way --- */

static void member_free(Member *member) {
    free(member->txn);
    free(member);
}

static void gathering_wake(GatheringStore *gathering) {
    if (!gathering->op && !TAILQ_EMPTY(&gathering->queue))
        timer_start_if_idle(gathering->timer, 0);
}

static void group_split(GatheringStore *gathering) {
    Member *member;
    TAILQ_FOREACH(member, &gathering->queue, siblings) {
        member->is_single |= member->is_under_way;
        member->is_under_way = false;
    }
}

static void group_answer(GatheringStore *gathering, int r, const StoreTxnResult *result) {
    Member *member;
    while ((member = TAILQ_FIRST(&gathering->queue)) && member->is_under_way) {
        TAILQ_REMOVE(&gathering->queue, member, siblings);
        StoreTxnDone done = member->done;
        void *userdata = member->userdata;
        member_free(member);
        if (done)
            done(r, result, userdata);
    }
}

/* Nothing was written, for the sake of one of them. */
static void on_group_done(int r, const StoreTxnResult *result, void *userdata) {
    GatheringStore *gathering = userdata;
    bool is_refused = r == -ENOKEY || (r >= 0 && !result->succeeded);
    gathering->op = NULL;
    if (is_refused && gathering->n_under_way > 1)
        group_split(gathering);
    else
        group_answer(gathering, r, result);
    gathering_wake(gathering);
}

static int group_send(GatheringStore *gathering, const Group *group) {
    StoreTxn txn = {
        .compares = group->compares,
        .n_compares = group->n_compares,
        .writes = group->writes,
        .n_writes = group->n_writes,
    };
    int r = store_txn(gathering->inner, &txn, on_group_done, gathering, &gathering->op);
    Member *member = TAILQ_FIRST(&gathering->queue);
    for (size_t i = 0; i < group->n_members; i++, member = TAILQ_NEXT(member, siblings))
        member->is_under_way = true;
    gathering->n_under_way = group->n_members;
    return r;
}

static void on_timer(void *userdata) {
    GatheringStore *gathering = userdata;
    Group group = {.keys = map_new(NULL)};
    int r = group.keys ? group_fill(&group, gathering) : -ENOMEM;
    if (r >= 0)
        r = group_send(gathering, &group);
    else if (!TAILQ_EMPTY(&gathering->queue))
        TAILQ_FIRST(&gathering->queue)->is_under_way = true;
    map_free(group.keys);
    if (r < 0)
        on_group_done(r, NULL, gathering);
}

/* --- as a store --- */

static GatheringStore *gathering_of(Store *store) {
    return (GatheringStore *) store;
}

static int gathering_txn(Store *store, const StoreTxn *txn, StoreTxnDone done, void *userdata,
                         StoreOp **ret) {
    GatheringStore *gathering = gathering_of(store);
    int r = store_txn_check(txn);
    if (r < 0)
        return r;
    Member *member = calloc(1, sizeof(Member));
    if (!member || store_txn_copy(txn, &member->txn) < 0) {
        free(member);
        return -ENOMEM;
    }
    member->op.store = store;
    member->done = done;
    member->userdata = userdata;
    TAILQ_INSERT_TAIL(&gathering->queue, member, siblings);
    gathering_wake(gathering);
    if (ret)
        *ret = &member->op;
    return 0;
}

static bool group_has_listener(const GatheringStore *gathering) {
    const Member *member;
    TAILQ_FOREACH(member, &gathering->queue, siblings)
    if (member->is_under_way && member->done)
        return true;
    return false;
}

/* What has set out goes on, and nobody hears of it; with nobody left the next can set out. */
static void gathering_cancel(StoreOp *op) {
    Member *member = (Member *) op;
    GatheringStore *gathering = gathering_of(op->store);
    member->done = NULL;
    if (!member->is_under_way) {
        TAILQ_REMOVE(&gathering->queue, member, siblings);
        member_free(member);
    } else if (gathering->op && !group_has_listener(gathering)) {
        store_op_cancel(TAKE_PTR(gathering->op));
        group_answer(gathering, -ECANCELED, NULL);
        gathering_wake(gathering);
    }
}

static void gathering_free(Store *store) {
    GatheringStore *gathering = gathering_of(store);
    Member *member;
    store_op_cancel(gathering->op);
    timer_free(gathering->timer);
    while ((member = TAILQ_FIRST(&gathering->queue))) {
        TAILQ_REMOVE(&gathering->queue, member, siblings);
        member_free(member);
    }
    free(gathering);
}

int gathering_store_new(Store *inner, Loop *loop, Store **ret) {
    static const StoreVTable vtable = {
        .txn = gathering_txn,
        .cancel = gathering_cancel,
        .free = gathering_free,
    };
    GatheringStore *gathering = calloc(1, sizeof(GatheringStore));
    if (!gathering)
        return -ENOMEM;
    *gathering = (GatheringStore){.store = {&vtable}, .inner = inner};
    TAILQ_INIT(&gathering->queue);
    int r = timer_new(loop, on_timer, gathering, &gathering->timer);
    if (r < 0) {
        free(gathering);
        return r;
    }
    *ret = &gathering->store;
    return 0;
}
