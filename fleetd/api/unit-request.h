/* A PUT or POST of a unit, read and judged before anything is asked of the store. Pure. */
#pragma once

#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit.h"

#include <json-c/json.h>

typedef struct UnitRequest {
    char *name;
    LaunchState desired; /* _LAUNCH_STATE_INVALID: not given */
    UnitFile *file;      /* NULL: not given */
    bool is_creation;    /* refused where the unit is known */
} UnitRequest;

/* Everything that can be refused without knowing what is there: -EINVAL, with the reason from the
 * unit's name down to the line. */
int unit_request_parse(const char *name, const char *body, size_t size, UnitRequest *ret,
                       Error *reterr);
/* The same of a body that has been parsed already, to an object. */
int unit_request_read(const char *name, json_object *object, UnitRequest *ret, Error *reterr);
void unit_request_done(UnitRequest *request);

typedef struct UnitDecision {
    unsigned status; /* of the answer when it is carried out: 201, 204; 409: refused */
    bool writes_unit, writes_file;
    bool has_new_file; /* it is not the unit's file, or nobody knows what that is */
    Unit unit;         /* borrows from request and known */
} UnitDecision;

/* What is to be done, given what is there: is_known says that there is something, which is NULL if
 * it cannot be read. */
UnitDecision unit_request_decide(const UnitRequest *request, bool is_known, const Unit *known,
                                 Error *reterr);
