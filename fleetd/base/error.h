/* A message for a person, collected on the way up, beside the errno that the program acts on. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct Error {
    char *message; /* NULL while nothing has been said */
} Error;

#define _cleanup_error_ _cleanup_(error_done)

/* Sets the message, unless reterr is NULL or has one already: the first cause wins. Returns r, so
 * that a failing function ends in `return error_set(reterr, -EINVAL, "...")`. */
int error_set(Error *reterr, int r, const char *format, ...) _printf_(3, 4);

/* Puts "<context>: " before the message, or before strerror(r) if there is none yet. Returns r. */
int error_prefix(Error *reterr, int r, const char *format, ...) _printf_(3, 4);

/* The message, or the text of r when nobody set one. Never NULL; valid until the next change. */
const char *error_text(const Error *error, int r);

void error_done(Error *error);
