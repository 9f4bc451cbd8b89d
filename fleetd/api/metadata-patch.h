/* PATCH of machines: a JSON Patch (RFC 6902) whose paths are /ID/metadata/KEY. Pure. */
#pragma once

#include "fleetd/base/error.h"

typedef struct MetadataChange {
    char *machine_id;
    char *key;
    char *value; /* NULL: to be removed */
} MetadataChange;

typedef struct MetadataPatch {
    MetadataChange *changes; /* of several for one key only the last */
    size_t n_changes;
} MetadataPatch;

/* -EINVAL names the operation and the rule that it breaks. */
int metadata_patch_parse(const char *body, size_t size, MetadataPatch *ret, Error *reterr);
void metadata_change_done(MetadataChange *change);
void metadata_patch_done(MetadataPatch *patch);
