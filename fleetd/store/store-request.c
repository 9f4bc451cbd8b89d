#include "fleetd/store/store-request.h"

#include <errno.h>

static int write_compare(const void *a, const void *b) {
    return strcmp((*(const StoreWrite *const *) a)->key, (*(const StoreWrite *const *) b)->key);
}

static bool writes_clash(const StoreWrite *a, const StoreWrite *b) {
    if (a->kind == STORE_PUT || b->kind == STORE_PUT)
        return a->kind == STORE_DELETE_PREFIX || streq(a->key, b->key);
    return false;
}

static bool txn_has_dependent(const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_writes; i++)
        if (txn->writes[i].only_with)
            return true;
    return false;
}

int store_txn_check(const StoreTxn *txn) {
    const StoreWrite *sorted[STORE_TXN_MAX];

    size_t max = STORE_TXN_MAX - txn_has_dependent(txn);
    if (txn->n_writes > max || txn->n_compares > max)
        return -E2BIG;
    for (size_t i = 0; i < txn->n_writes; i++)
        sorted[i] = &txn->writes[i];
    qsort(sorted, txn->n_writes, sizeof(*sorted), write_compare);

    /* Sorted, all that begin with a key follow it. */
    for (size_t i = 0; i < txn->n_writes; i++)
        for (size_t j = i + 1; j < txn->n_writes; j++) {
            if (!store_key_begins(sorted[j]->key, sorted[i]->key))
                break;
            if (writes_clash(sorted[i], sorted[j]))
                return -EINVAL;
        }
    return 0;
}

/* Moves bytes to the free end of a block, and that end behind them. */
static void *block_add(char **end, const void *data, size_t size) {
    void *copy = *end;
    if (size > 0)
        memcpy(copy, data, size);
    *end += size;
    return copy;
}

static const char *block_add_string(char **end, const char *s) {
    return s ? block_add(end, s, strlen(s) + 1) : NULL;
}

static size_t string_size(const char *s) {
    return s ? strlen(s) + 1 : 0;
}

static StoreWrite write_normalise(const StoreWrite *write) {
    StoreWrite normal = *write;
    normal.value = str_or(write->value, "");
    if (write->value_size == 0)
        normal.value_size = strlen(normal.value);
    return normal;
}

static void write_move(StoreWrite *write, char **end) {
    StoreWrite normal = write_normalise(write);
    normal.key = block_add_string(end, normal.key);
    normal.only_with = block_add_string(end, normal.only_with);
    normal.value = block_add(end, normal.value, normal.value_size);
    block_add(end, "", 1);
    *write = normal;
}

static size_t txn_size(const StoreTxn *txn) {
    size_t size = sizeof(StoreTxn);
    for (size_t i = 0; i < txn->n_compares; i++)
        size += sizeof(StoreCompare) + string_size(txn->compares[i].key);
    for (size_t i = 0; i < txn->n_writes; i++) {
        StoreWrite normal = write_normalise(&txn->writes[i]);
        size += sizeof(StoreWrite) + string_size(normal.key) + string_size(normal.only_with) +
                normal.value_size + 1;
    }
    return size;
}

int store_txn_copy(const StoreTxn *txn, StoreTxn **ret) {
    char *end = malloc(txn_size(txn));
    if (!end)
        return -ENOMEM;

    /* Structures first, which keeps them aligned; the strings behind them. */
    StoreTxn *copy = block_add(&end, txn, sizeof(*txn));
    StoreCompare *compares = block_add(&end, txn->compares, txn->n_compares * sizeof(StoreCompare));
    StoreWrite *writes = block_add(&end, txn->writes, txn->n_writes * sizeof(StoreWrite));
    for (size_t i = 0; i < txn->n_compares; i++)
        compares[i].key = block_add_string(&end, compares[i].key);
    for (size_t i = 0; i < txn->n_writes; i++)
        write_move(&writes[i], &end);
    copy->compares = compares;
    copy->writes = writes;
    *ret = copy;
    return 0;
}

int store_range_copy(const StoreRange *range, StoreRange **ret) {
    char *end = malloc(sizeof(*range) + string_size(range->key) + string_size(range->before) +
                       string_size(range->after));
    if (!end)
        return -ENOMEM;
    StoreRange *copy = block_add(&end, range, sizeof(*range));
    copy->key = block_add_string(&end, range->key);
    copy->before = block_add_string(&end, range->before);
    copy->after = block_add_string(&end, range->after);
    *ret = copy;
    return 0;
}

int store_watch_copy(const StoreWatch *watch, StoreWatch **ret) {
    char *end = malloc(sizeof(*watch) + string_size(watch->key) + string_size(watch->before));
    if (!end)
        return -ENOMEM;
    StoreWatch *copy = block_add(&end, watch, sizeof(*watch));
    copy->key = block_add_string(&end, watch->key);
    copy->before = block_add_string(&end, watch->before);
    *ret = copy;
    return 0;
}
