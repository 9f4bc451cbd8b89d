/* Unit names: `prefix.type` or `prefix@instance.type`. Pure. */
#pragma once

#include "fleetd/base/error.h"

#define UNIT_NAME_MAX 255 /* bytes: no file name is longer, and systemd takes no more either */

#define UNIT_NAME_CHARACTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@"

/* 0, or -EINVAL with the rule that the name breaks. Only UNIT_NAME_CHARACTERS; one of systemd's
 * unit types; at most UNIT_NAME_MAX; something before the first '@' and before the type (further
 * '@' belong to the instance); templates only of path, service, socket, target and timer. */
int unit_name_check(const char *name, Error *reterr);

/* The following need a name that passed unit_name_check(). */
bool unit_name_is_template(const char *name); /* web@.service */
bool unit_name_is_instance(const char *name); /* web@1.service */
const char *unit_name_type(const char *name); /* "service"; borrowed from name */

/* New strings, NULL when out of memory. prefix is what stands before '@' (or before the type),
 * instance what stands between '@' and the type ("" if there is none). */
char *unit_name_prefix(const char *name);
char *unit_name_instance(const char *name);
/* web@1.service -> web@.service; -EINVAL if name is not an instance. */
int unit_name_template(const char *name, char **ret);

/* Whether it ends in a unit type, like ".service"; for any text. */
bool unit_name_has_type(const char *name);

/* What a person typed becomes a name: the last path component, with ".service" added if it ends in
 * no unit type. The result is not yet checked. */
int unit_name_complete(const char *typed, char **ret);

/* Expands %n (name), %N (name without type), %p (prefix), %i (instance) and %% in text. Other
 * specifiers are -EINVAL: only systemd on the machine could know them. */
int unit_name_expand(const char *name, const char *text, char **ret, Error *reterr);
