/* Words for a shell that takes them apart again, and for the configuration of ssh. Pure. */
#pragma once

#include "fleetd/base/macros.h"

/* The words, each quoted where that is needed, with blanks between: a shell reads the same words.
 * NULL when out of memory; the caller frees. */
char *shell_words_join(char *const *words);

/* A copy of value with each '%' doubled, as ssh replaces what follows a single one. NULL when out
 * of memory; the caller frees. */
char *ssh_value_escape(const char *value);

/* "NAME=VALUE" for `ssh -o` with a file's name as the value: escaped, and quoted where it has
 * blanks. NULL when out of memory; the caller frees. */
char *ssh_file_option(const char *name, const char *path);
