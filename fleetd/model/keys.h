/* The layout of the store: every key is made and taken apart here. Keys are relative to
 * `etcd_key_prefix`, which the store adds. Each kind has one kind of writer (docs/architecture.md,
 * "the store"). */
#pragma once

#include "fleetd/base/error.h"

#include <errno.h>

typedef enum KeyKind {
    KEY_UNIT,        /* unit/<name> */
    KEY_FILE,        /* file/<sha1> */
    KEY_MACHINE,     /* machine/<id> */
    KEY_METADATA,    /* metadata/<id>/<key> */
    KEY_SCHEDULE,    /* schedule/<id>/<name> */
    KEY_STATE,       /* state/<id>/<name> */
    KEY_PENDING,     /* pending/<name> */
    KEY_LEADER,      /* leader */
    KEY_ORPHAN,      /* orphan/<id>/<name> */
    KEY_CLUSTER,     /* cluster */
    KEY_MAINTENANCE, /* maintenance/<id> */
    KEY_BRAKE,       /* brake */
    KEY_VERSION,     /* version/<name>/<number> */
    KEY_REBOOT,      /* reboot/<id> */
    KEY_DEPLOYMENT,  /* deployment/<name> */
    KEY_ROLLOUT,     /* rollout/<name> */
    KEY_PAST,        /* was/<name>/<slot> */
    KEY_FAILURES,    /* failures/<name> */
    KEY_SCALE,       /* scale/<name> */
    KEY_REBALANCE,   /* rebalance */
    _KEY_KIND_MAX,
    _KEY_KIND_INVALID = -EINVAL,
} KeyKind;

/* A key, taken apart. Which fields are set depends on the kind: name is a unit's name, a file's
 * hash or a metadata key. */
typedef struct Key {
    KeyKind kind;
    char *machine_id; /* machine, metadata, schedule, state, orphan, maintenance, reboot */
    char *name;     /* unit, file, metadata, schedule, state, pending, orphan, version, deployment,
                       rollout, past, failures, scale */
    int64_t number; /* version, past: from 1 on */
} Key;

/* New strings; NULL when out of memory. */
char *key_unit(const char *name);
char *key_file(const char *hash);
char *key_machine(const char *id);
char *key_metadata(const char *id, const char *key);
char *key_schedule(const char *machine_id, const char *name);
char *key_state(const char *machine_id, const char *name);
char *key_pending(const char *name);
char *key_orphan(const char *machine_id, const char *name);
char *key_maintenance(const char *machine_id);
#define KEY_BRAKE_TEXT "brake"
#define KEY_REBALANCE_TEXT "rebalance"
#define KEY_VERSION_PREFIX "version/"
/* Of all keys those from here on come last: what is kept of the past. Whoever mirrors the cluster
 * leaves them out. */
#define KEY_FIRST_OF_PAST KEY_VERSION_PREFIX
char *key_version(const char *name, int64_t number);
char *key_reboot(const char *machine_id);
char *key_deployment(const char *name);
char *key_rollout(const char *name);
char *key_past(const char *name, int64_t slot);
char *key_failures(const char *name);
char *key_scale(const char *name);
#define KEY_LEADER_TEXT "leader"
#define KEY_CLUSTER_TEXT "cluster"
#define KEY_UNIT_PREFIX "unit/"
#define KEY_MACHINE_PREFIX "machine/"
char *key_metadata_prefix(const char *machine_id); /* metadata/<id>/ */
char *key_schedule_prefix(const char *machine_id); /* schedule/<id>/ */
char *key_state_prefix(const char *machine_id);    /* state/<id>/ */
char *key_version_prefix(const char *name);        /* version/<name>/ */
char *key_past_prefix(const char *name);           /* was/<name>/ */

/* Where the kinds begin that a cluster has most of, in order, NULL-terminated. */
extern const char *const key_kind_cuts[];

/* -EINVAL: not a key of this layout (somebody else's, or of a later version): skip it. -ENOMEM. */
int key_parse(const char *text, Key *ret, Error *reterr);
void key_done(Key *key);
#define _cleanup_key_ _cleanup_(key_done)
