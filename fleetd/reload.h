/* SIGHUP: the configuration is read anew, and what can be is taken over. */
#pragma once

#include "fleetd/configuration.h"

/* config becomes what is read, as far as no restart is needed for that; says in the log what was
 * taken over, what was not, and what is wrong: then it is -EINVAL or the like, and config is as it
 * was. */
int config_reload(Config *config, const char *path, char *const *environment);
