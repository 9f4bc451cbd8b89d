/* Which files the machines of a global unit keep, while a deployment goes over them: until its turn
 * a machine has the file that it had, whatever file the unit has (docs/architecture.md,
 * "Deployments"). Made of the deployment's record, for cluster_keep_files_take(). Pure. */
#pragma once

#include "fleetd/model/requirements.h"
#include "fleetd/model/rollout.h"

typedef struct KeptFiles KeptFiles;

/* Copies the record; NULL: it cannot be read, so each machine keeps what it is ordered to have. */
int kept_files_new(const Rollout *rollout, KeptFiles **ret);
void kept_files_free(void *kept);
DEFINE_POINTER_CLEANUP(KeptFiles, kept_files_free)

/* What a file that is kept asks of machines; of one of which nobody tells, it fits as it is. Taken
 * over, also on failure. */
int kept_files_add_take(KeptFiles *kept, const char *hash, Requirements *requirements);
bool kept_files_has(const KeptFiles *kept, const char *hash);

/* Of the same, and the same files. */
bool kept_files_equal(const KeptFiles *a, const KeptFiles *b);

/* The record; NULL: it cannot be read. */
const Rollout *kept_files_rollout(const KeptFiles *kept);
/* The file that the machine keeps, of a unit that has the file unit_hash; NULL: that one. Not for a
 * record that cannot be read. */
const char *kept_files_find(const KeptFiles *kept, const char *machine_id, const char *unit_hash);
const Requirements *kept_files_requirements(const KeptFiles *kept, const char *hash);
