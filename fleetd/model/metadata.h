/* What a machine says of itself (`region=eu,disk=ssd`): sorted pairs with unique keys. Pure. */
#pragma once

#include "fleetd/base/error.h"

#include <json-c/json.h>

#define METADATA_PAIRS_MAX 256 /* of one machine: nobody has more, and a request could */
#define METADATA_TEXT_MAX 256  /* bytes of a key, and of a value */

typedef struct MetadataPair {
    char *key;
    char *value;
} MetadataPair;

typedef struct Metadata {
    MetadataPair *pairs; /* sorted by key */
    size_t n_pairs;
} Metadata;

/* fleet.conf's form: `k=v,k2=v2`; values, or the whole, may be quoted with " or ', white space
 * around keys and values is stripped, the last of equal keys wins, empty pieces are skipped.
 * -EINVAL names the piece that has no '=' or breaks a rule of metadata_check_pair(). */
int metadata_parse(const char *text, Metadata *ret, Error *reterr);
/* Adds or replaces. -E2BIG: over METADATA_PAIRS_MAX. -ENOMEM: unchanged. */
int metadata_set(Metadata *metadata, const char *key, const char *value);
bool metadata_unset(Metadata *metadata, const char *key);
const char *metadata_get(const Metadata *metadata, const char *key); /* NULL when absent */
int metadata_copy(const Metadata *metadata, Metadata *ret);          /* -ENOMEM */
/* The pairs of both; where they have the same key, the winner's. May be as many as two machines'.
 * -ENOMEM. */
int metadata_overlay(const Metadata *metadata, const Metadata *winner, Metadata *ret);
bool metadata_equal(const Metadata *a, const Metadata *b);
char *metadata_format(const Metadata *metadata); /* `k=v,k2=v2`, "" when empty */
json_object *metadata_to_json(const Metadata *metadata);
int metadata_from_json(json_object *object, Metadata *ret,
                       Error *reterr); /* values must be strings */
void metadata_done(Metadata *metadata);
#define _cleanup_metadata_ _cleanup_(metadata_done)

/* 0, or -EINVAL with the rule: keys and values are printable, without control characters, keys not
 * empty and without '=' ',' or quotes; at most METADATA_TEXT_MAX bytes each. */
int metadata_check_pair(const char *key, const char *value, Error *reterr);
