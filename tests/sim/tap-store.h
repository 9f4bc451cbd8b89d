/* A store in front of another one that sees what passes, and lets requests outlive those who sent
 * them: what was sent before a crash takes effect all the same. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

/* A transaction was answered; result says whether it was done. */
typedef void (*TapOnTxn)(const StoreTxn *txn, const StoreTxnResult *result, void *userdata);

/* on_txn may be NULL. Borrows the inner store. */
int tap_store_new(Loop *loop, Store *inner, TapOnTxn on_txn, void *userdata, Store **ret);

/* So many transactions of a thousand are given up by their sender after timeout_usec, and arrive
 * only then, up to as long again later. */
void tap_store_set_late(Store *store, unsigned permille, usec_t timeout_usec);
