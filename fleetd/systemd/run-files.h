/* Small files under /run/fleet: they come whole, by rename, only regular ones count, and no link is
 * followed, whoever put it there. All in memory, so the calls are synchronous. */
#pragma once

#include "fleetd/base/error.h"

#include <dirent.h>
#include <unistd.h>

static inline void fd_closep(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
#define _cleanup_fd_ _cleanup_(fd_closep)

static inline void directory_closep(DIR **stream) {
    if (*stream)
        closedir(*stream);
}
#define _cleanup_directory_ _cleanup_(directory_closep)

/* Opens a directory, and makes it (mode 0755) if it is not there. */
int run_directory_open(int at, const char *path, int *ret_fd, Error *reterr);
/* Its entries. The caller closes the stream; the descriptor stays open. */
int run_directory_stream(int directory_fd, DIR **ret);

/* NUL-terminated, also if it holds NULs. -EINVAL: no regular file, or larger than that. */
int run_file_read(int directory_fd, const char *name, size_t size_max, char **ret_text,
                  size_t *ret_size);
/* In the place of what is there, which is gone meanwhile (mode 0644). */
int run_file_create(int directory_fd, const char *name, const char *text, size_t size);
/* The same in one step. */
int run_file_replace(int directory_fd, const char *name, const char *text, size_t size);
/* Not there is success. */
int run_file_unlink(int directory_fd, const char *name);
bool run_file_exists(int directory_fd, const char *name);
