/* What a command says of why it fails: the first line of its output. The rest is read and dropped,
 * as whoever writes to a full pipe stands still. */
#pragma once

#include <systemd/sd-event.h>

typedef struct ProbeOutput ProbeOutput;

/* *ret_fd is where the command writes, for the caller to close. -errno. */
int probe_output_open(sd_event *event, ProbeOutput **ret, int *ret_fd);
void probe_output_close(ProbeOutput *output); /* NULL is fine */

/* The line as far as it came, fit to be printed; NULL: there is none. The caller frees. */
char *probe_output_take_line(ProbeOutput *output);
