/* Files that fleet keeps below /run/fleet: a file comes whole, by rename, or not at all. No link is
 * followed, whoever put it there, only regular files count, and modes do not depend on the umask.
 * Everything there is small and in memory, so the calls are synchronous. All answer 0 or a negative
 * errno. */
#pragma once

#include "fleetd/base/error.h"

#include <dirent.h>

void fd_closep(int *fd);
#define _cleanup_fd_ _cleanup_(fd_closep)
void directory_closep(DIR **stream);
#define _cleanup_directory_ _cleanup_(directory_closep)

/* Makes the directory if it is missing (mode 0755). at: as openat() has it. The caller closes. */
int run_directory_open(int at, const char *path, int *ret_fd, Error *reterr);
/* Its entries. The caller closes the stream; the descriptor stays open. */
int run_directory_stream(int directory, DIR **ret);

/* The text is NUL-terminated, also if it holds NULs; the caller frees. -EINVAL: no regular file, or
 * larger than size_max. */
int run_file_read(int directory, const char *name, size_t size_max, char **ret_text,
                  size_t *ret_size);
/* Replaces the file in one step (mode 0644). */
int run_file_write(int directory, const char *name, const char *text, size_t size);
/* Not there is success. */
int run_file_remove(int directory, const char *name);
bool run_file_exists(int directory, const char *name);
