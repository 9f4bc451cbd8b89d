/* fleet's files on this machine, below one directory (/run/fleet):
 *
 *   units/NAME      the unit file, complete at any time: it comes by rename; that of a unit with
 *                   StopAfterDisconnect= with what guarded-text.h adds, which users do not see
 *   launched/NAME   a mark: started for fleet since that file was last written; holds which restart
 *                   that was for (Order.restart), or nothing, as earlier versions write it
 *   clusters/NAME   the id of the cluster that it is here for
 *   health/NAME     how well it was last, a line for the agent's own use
 *   unfinished      a mark: files were written that systemd may not know yet
 *
 * Only regular files count and no link is followed. Everything here is small and in memory, so the
 * calls are synchronous. */
#pragma once

#include "fleetd/base/error.h"

typedef struct UnitDirectory UnitDirectory;

/* Makes what is missing of it (mode 0755). */
int unit_directory_open(const char *path, UnitDirectory **ret, Error *reterr);
void unit_directory_free(UnitDirectory *directory);
DEFINE_POINTER_CLEANUP(UnitDirectory, unit_directory_free)

/* Sees one unit file; text is NUL-terminated, also if it holds NULs. A negative answer ends the
 * walk. */
typedef int (*UnitDirectoryVisit)(const char *name, const char *text, size_t size, void *userdata);
/* Every file whose name is a unit's and whose size is sane, in no order. What can not be read is
 * left out. */
int unit_directory_walk(UnitDirectory *directory, UnitDirectoryVisit visit, void *userdata);

/* The absolute path of a unit's file, there or not. NULL when out of memory; the caller frees. */
char *unit_directory_file_path(const UnitDirectory *directory, const char *name);

/* Replaces the file in one step (mode 0644) and takes the mark of the old one away before. -EINVAL:
 * the name can not be a file's; nothing was changed. */
int unit_directory_write(UnitDirectory *directory, const char *name, const char *text, size_t size,
                         Error *reterr);
/* The file and its marks. Not there is success. */
int unit_directory_remove(UnitDirectory *directory, const char *name, Error *reterr);

int unit_directory_set_launched(UnitDirectory *directory, const char *name, bool is_launched);
bool unit_directory_is_launched(const UnitDirectory *directory, const char *name);
/* Sets that mark, with the restart that it was for. */
int unit_directory_note_launched(UnitDirectory *directory, const char *name, int64_t restart);
/* -1: it has no mark, or one that does not say. */
int64_t unit_directory_get_restart(const UnitDirectory *directory, const char *name);

/* -EINVAL: no name, or no id. What is there and is none counts as none: *ret NULL. */
int unit_directory_set_cluster(UnitDirectory *directory, const char *name, const char *cluster);
int unit_directory_get_cluster(const UnitDirectory *directory, const char *name, char **ret);
/* The same for all units that have one; NULL: none has. The caller frees. -EXDEV: they are of
 * several. */
int unit_directory_common_cluster(const UnitDirectory *directory, char **ret);

/* A unit file's text; NUL-terminated, the caller frees. -ENOENT, -EINVAL: nothing sane is there. */
int unit_directory_read(const UnitDirectory *directory, const char *name, char **ret_text,
                        size_t *ret_size);

/* NULL: nothing; what is there and is no line of text counts as that. */
int unit_directory_set_health(UnitDirectory *directory, const char *name, const char *health);
int unit_directory_get_health(const UnitDirectory *directory, const char *name, char **ret);

int unit_directory_set_unfinished(UnitDirectory *directory, bool is_unfinished);
bool unit_directory_is_unfinished(const UnitDirectory *directory);
