/* systemctl of the machine that fleetctl runs on. */
#pragma once

/* Runs `systemctl status -l NAME` on our standard output and waits for it. Its exit status;
 * -ENOENT: there is no systemctl; -errno. */
int systemctl_status(const char *name);
