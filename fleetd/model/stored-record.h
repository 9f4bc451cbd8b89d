/* What stands under a key of the store, read: the one place where keys and values become records,
 * so that engine, agent and API agree on what is readable and what is not. Anybody can write
 * anything under fleet's keys; what an unreadable value means for units is in docs/architecture.md,
 * "Garbage". Pure. */
#pragma once

#include "fleetd/model/brake.h"
#include "fleetd/model/deployment.h"
#include "fleetd/model/failures.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/maintenance.h"
#include "fleetd/model/past-placement.h"
#include "fleetd/model/rebalance.h"
#include "fleetd/model/reboot.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/template-scale.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-version.h"
#include "fleetd/model/unit.h"

typedef struct StoredText {
    const char *key;
    const char *value; /* NUL-terminated; may hold NULs */
    size_t size;
    int64_t revision; /* at which it was written */
    int64_t lease;    /* 0: none */
} StoredText;

typedef struct StoredRecord {
    Key key;
    int64_t revision;
    int64_t lease;
    bool is_readable;
    /* Of a readable one that which key.kind names is set; else all are NULL. */
    Unit *unit;     /* with its revision */
    UnitFile *file; /* whose hash is that of the key */
    Machine *machine;
    char *metadata; /* the value for key.name */
    Order *order;
    UnitState *state;
    Pending *pending;
    char *leader; /* the machine that leads */
    Orphan *orphan;
    char *cluster_id;
    Maintenance *maintenance;
    BrakeRecord *brake;
    UnitVersion *version;
    Reboot *reboot;
    Deployment *deployment;
    Rollout *rollout;
    PastPlacement *past;
    Failures *failures;
    TemplateScale *scale;
    Rebalance *rebalance;
} StoredRecord;

/* 0: a key of fleet's; is_readable says whether its value is, reterr why it is not. -EINVAL: no key
 * of fleet's (somebody else's, or a later version's). reterr names the key in both cases, fit to be
 * printed whatever it holds. -ENOMEM. */
int stored_record_parse(const StoredText *text, StoredRecord *ret, Error *reterr);
void stored_record_done(StoredRecord *record);
#define _cleanup_record_ _cleanup_(stored_record_done)
