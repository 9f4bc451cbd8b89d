/* Where the text of each unit that is to be brought up comes from: the cluster may know the unit,
 * there may be a local file, or a template, submitted or local. */
#pragma once

#include "fleetctl/api/api-items.h"
#include "fleetctl/units/local-file.h"
#include "fleetctl/units/unit-operand.h"

/* What there is of one unit. Templates are looked for only when the unit is an instance. */
typedef struct UnitEvidence {
    bool is_known, has_file, has_known_template, has_template_file;
    bool prefer_local; /* --replace */
} UnitEvidence;

typedef enum UnitOrigin {
    UNIT_ORIGIN_CLUSTER, /* known already; a local file may differ */
    UNIT_ORIGIN_FILE,
    UNIT_ORIGIN_KNOWN_TEMPLATE,
    UNIT_ORIGIN_TEMPLATE_FILE,
    UNIT_ORIGIN_NONE,
} UnitOrigin;

/* A known unit stays what it is. Else: its own file, the submitted template, the template's file.
 * With prefer_local the template's file comes before the submitted template. Pure. */
UnitOrigin unit_origin_choose(const UnitEvidence *evidence);

typedef struct UnitSource {
    char *name;
    const ApiUnit *known; /* NULL: unknown to the cluster */
    UnitOrigin origin;
    LocalFile file, template_file; /* text NULL: not there */
    char *template_name;           /* of an instance without a file of its own; else NULL */
    const ApiUnit *template;       /* NULL: not looked for, or unknown */
    const char *text; /* of a new unit or of a local file that differs from the known one; borrowed;
                         NULL: none */
    size_t text_size;
    const char *differs_from; /* path of the local file that differs from what the cluster has;
                                 NULL: none does */
    const char *differing;    /* the name of the unit or template that it differs from */
    bool is_global;
    char *problem;            /* why it cannot be brought up; NULL: it can */
    int64_t created_revision; /* of the request that created it; 0: it was not created yet */
} UnitSource;

typedef struct UnitSources {
    ApiUnits units, templates; /* what the items point into */
    UnitSource *items;         /* each unit once, in the order of the operands */
    size_t n;
} UnitSources;

/* Looks everything up and checks all texts that would be sent. What is wrong with a unit is told in
 * its problem. Where each of the units has a file of its own, with which nothing is wrong, those
 * that are new to the cluster are created on the way, in the state wanted. */
int unit_sources_load(ApiClient *api, const char *const *operands, LaunchState wanted, bool replace,
                      UnitSources *ret, Error *reterr);

/* Does the same for files alone, as if the cluster knew nothing; globs are for the shell then. */
int unit_sources_load_local(const char *const *operands, UnitSources *ret);

void unit_sources_done(UnitSources *sources);
#define _cleanup_unit_sources_ _cleanup_(unit_sources_done)
