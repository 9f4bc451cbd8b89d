/* fleet.conf as text: lines of NAME=VALUE, handed out with where they stand. */
#pragma once

#include "fleetd/base/error.h"

/* One option, in order; place is "<path>: line <n>". What it answers is handed up at the end, if it
 * is negative; reading goes on. An error's text goes to the list of problems. */
typedef int (*ConfigFileOption)(const char *place, const char *name, const char *value,
                                void *userdata, Error *reterr);

/* What is wrong with lines is added to *problems, each with its place; then -EINVAL. Other errors:
 * it cannot be read (also told there), or -ENOMEM. *ret_is_public: others than its owner and group
 * may read it. */
int config_file_read(const char *path, ConfigFileOption on_option, void *userdata, char ***problems,
                     bool *ret_is_public);
