/* Real etcds on loopback for tests: free ports, data in a temporary directory ($TMPDIR), and gone
 * when the test is, however that ends. Calls block. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct EtcdProcess EtcdProcess;

/* Whether there is an etcd to run. Without one a test skips, and says so. */
bool etcd_process_is_available(void);

/* Starts a cluster of n_members and waits until all are healthy. NULL on failure; the reason is on
 * standard error. */
EtcdProcess *etcd_process_start(size_t n_members);

typedef struct EtcdProcessOptions {
    bool is_tls;                  /* https://, with what the arguments say */
    const char *const *arguments; /* further ones, NULL-terminated; borrowed until it is freed */
} EtcdProcessOptions;

/* The same with more arguments. */
EtcdProcess *etcd_process_start_with(size_t n_members, const EtcdProcessOptions *options);
/* Kills all of them and removes their data. */
void etcd_process_free(EtcdProcess *etcd);
DEFINE_POINTER_CLEANUP(EtcdProcess, etcd_process_free)

/* "http://127.0.0.1:<port>" */
const char *etcd_process_url(const EtcdProcess *etcd, size_t member);
/* All of them, NULL-terminated; borrowed. */
char *const *etcd_process_urls(const EtcdProcess *etcd);

/* The HTTP status of a POST that has nothing to do with the code under test; 0: no answer. */
int etcd_process_post(const EtcdProcess *etcd, size_t member, const char *path, const char *body);
/* What it tells at /metrics, as text; the caller frees. NULL: no answer. */
char *etcd_process_metrics(const EtcdProcess *etcd, size_t member);
/* Forgets the past up to the revision. */
int etcd_process_compact(const EtcdProcess *etcd, int64_t revision);

void etcd_process_pause(EtcdProcess *etcd, size_t member); /* it hangs, its connections stay */
void etcd_process_resume(EtcdProcess *etcd, size_t member);
void etcd_process_kill(EtcdProcess *etcd, size_t member);
/* Starts a killed one again, on its ports with its data, and waits until it is healthy. */
int etcd_process_restart(EtcdProcess *etcd, size_t member);
/* The same, with its data lost; only for a cluster of one. */
int etcd_process_restart_empty(EtcdProcess *etcd);
/* Takes a snapshot, and starts a killed one again from it, as another cluster; likewise. -ENOENT:
 * there is no etcdctl. */
int etcd_process_save(EtcdProcess *etcd);
int etcd_process_restart_restored(EtcdProcess *etcd);
