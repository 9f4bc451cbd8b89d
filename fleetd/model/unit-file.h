/* A unit file: its text, byte for byte, and the options in it, in order. Pure; immutable once made;
 * shared by reference as several instances of a template have one file. */
#pragma once

#include "fleetd/base/error.h"

#define UNIT_FILE_SIZE_MAX \
    (256 * 1024) /* bytes; etcd refuses requests over 1.5 MiB, and no sane unit comes near */
#define UNIT_FILE_HASH_LENGTH 40 /* SHA-1 in hexadecimal, as CoreOS fleet shows it */

typedef struct UnitOption {
    const char *section;
    const char *name;
    const char *value; /* of continued lines, each backslash with its line end became one space */
    unsigned line;     /* where it starts, from 1; 0 if it came from no text */
} UnitOption;

typedef struct UnitFile UnitFile;

/* Parses systemd's syntax (systemd.syntax(7)): sections, `name=value`, comments from # or ; at the
 * start of a line, continuation with '\', also over comments; CRLF is accepted. -EINVAL with "line
 * N: ..." for anything else, for an option outside a section, for text that is not UTF-8, for NUL
 * and other control characters, for text over UNIT_FILE_SIZE_MAX. A missing last newline is fine,
 * and so is an empty value. */
int unit_file_parse(const char *text, size_t size, UnitFile **ret, Error *reterr);

/* The same object from options (line is ignored): text is written in their order, one section
 * header per run of options of a section. -EINVAL for names or values that no unit file can
 * express, such as with a newline; only one after a backslash is fine: clients of CoreOS fleet send
 * continued lines so. */
int unit_file_from_options(const UnitOption *options, size_t n_options, UnitFile **ret,
                           Error *reterr);

UnitFile *unit_file_ref(UnitFile *file);
void unit_file_unref(UnitFile *file);
DEFINE_POINTER_CLEANUP(UnitFile, unit_file_unref)

const char *unit_file_text(const UnitFile *file,
                           size_t *ret_size);     /* ret_size may be NULL; NUL-terminated */
const char *unit_file_hash(const UnitFile *file); /* lower-case SHA-1 of the text */
const UnitOption *unit_file_options(const UnitFile *file, size_t *ret_n);
/* Whether any option stands in that section. */
bool unit_file_has_section(const UnitFile *file, const char *section);
/* The last value of an option, NULL if it is not there. */
const char *unit_file_find(const UnitFile *file, const char *section, const char *name);

/* -EINVAL: no text can have that hash. */
int unit_file_hash_check(const char *hash, Error *reterr);

/* The hash that unit_file_hash() would give for text; ret is a buffer of UNIT_FILE_HASH_LENGTH + 1.
 */
int unit_file_hash_text(const char *text, size_t size, char *ret);
