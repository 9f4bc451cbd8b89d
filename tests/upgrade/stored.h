/* What versions of fleet left behind, in folders that are named after them. That of a released one
 * is never changed: whoever changes a format adds one (docs/HACKING.md, "a stored format"). */
#pragma once

#include "fleetd/base/json.h"

/* Called for each folder, with its path. */
void stored_for_each_version(void (*test)(const char *folder));

/* FOLDER/NAME; the caller frees. Out of memory, or a file that is not there, fails the test. */
char *stored_path(const char *folder, const char *name);
char *stored_read(const char *folder, const char *name);
json_object *stored_read_json(const char *folder, const char *name);
json_object *stored_read_json_lines(const char *folder, const char *name); /* as an array */

bool stored_has(const char *folder, const char *name);
void stored_copy(const char *folder, const char *name, const char *to);

/* Whether actual says everything that expected does, and perhaps more: each field of an object,
 * each item of a list somewhere in the list. Revisions of another store are other numbers. */
bool json_says(json_object *actual, json_object *expected);
void assert_json_says(json_object *actual, json_object *expected);
