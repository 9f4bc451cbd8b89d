/* A line on a terminal that tells how far something is: rewritten in place, and taken away before
 * anything else is printed, so that no message is garbled. */
#pragma once

#include "fleetd/base/macros.h"

#include <stdio.h>

typedef struct StatusLine StatusLine;

/* *ret is NULL when file is no terminal that can rewrite a line: the calls below do nothing then.
 */
int status_line_new(FILE *file, const char *term, StatusLine **ret);
/* Takes it away as well. */
void status_line_free(StatusLine *line);
DEFINE_POINTER_CLEANUP(StatusLine, status_line_free)

/* Shows text, cut to the terminal's width, in place of what was there. */
void status_line_show(StatusLine *line, const char *text);

/* Takes the line away, so that others may print. */
void status_line_hide(StatusLine *line);
