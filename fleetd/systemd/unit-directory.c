#include "fleetd/systemd/unit-directory.h"

#include "fleetd/base/byte-size.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/cluster-id.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/model/unit.h"
#include "fleetd/systemd/guarded-text.h"
#include "fleetd/systemd/run-files.h"
#include "fleetd/systemd/unit-manager.h"

#include <errno.h>
#include <fcntl.h>

#define UNFINISHED_FILE "unfinished"
#define RESTART_LENGTH_MAX 20

struct UnitDirectory {
    char *path;
    int fd; /* of path itself */
    int units_fd;
    int launched_fd;
    int clusters_fd;
    int health_fd;
};

int unit_directory_open(const char *path, UnitDirectory **ret, Error *reterr) {
    _cleanup_(unit_directory_freep) UnitDirectory *directory = calloc(1, sizeof(UnitDirectory));
    if (!directory)
        return -ENOMEM;
    directory->fd = directory->units_fd = directory->launched_fd = directory->clusters_fd =
        directory->health_fd = -1;
    directory->path = strdup(path);
    if (!directory->path)
        return -ENOMEM;
    int r = run_directory_open(AT_FDCWD, path, &directory->fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "units", &directory->units_fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "launched", &directory->launched_fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "clusters", &directory->clusters_fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "health", &directory->health_fd, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(directory);
    return 0;
}

void unit_directory_free(UnitDirectory *directory) {
    if (!directory)
        return;
    fd_closep(&directory->fd);
    fd_closep(&directory->units_fd);
    fd_closep(&directory->launched_fd);
    fd_closep(&directory->clusters_fd);
    fd_closep(&directory->health_fd);
    free(directory->path);
    free(directory);
}

/* unit_name_check() forbids '/' and names that begin with a dot, so that a name that passes can not
 * lead out of the directory. */

int unit_directory_read(const UnitDirectory *directory, const char *name, char **ret_text,
                        size_t *ret_size) {
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r = unit_name_check(name, NULL);
    if (r >= 0)
        r = run_file_read(directory->units_fd, name, UNIT_FILE_SIZE_MAX + GUARDED_TEXT_EXTRA_MAX,
                          &text, &size);
    if (r < 0)
        return r;
    size = guarded_text_strip(directory->path, name, text, size);
    if (size > UNIT_FILE_SIZE_MAX)
        return -EINVAL;
    text[size] = 0;
    *ret_text = TAKE_PTR(text);
    *ret_size = size;
    return 0;
}

static int file_visit(UnitDirectory *directory, const char *name, UnitDirectoryVisit visit,
                      void *userdata) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    if (unit_directory_read(directory, name, &text, &size) < 0)
        return 0;
    return visit(name, text, size, userdata);
}

int unit_directory_walk(UnitDirectory *directory, UnitDirectoryVisit visit, void *userdata) {
    _cleanup_directory_ DIR *stream = NULL;
    int r = run_directory_stream(directory->units_fd, &stream);
    while (r >= 0) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        r = file_visit(directory, entry->d_name, visit, userdata);
    }
    return r;
}

char *unit_directory_file_path(const UnitDirectory *directory, const char *name) {
    return str_printf("%s/units/%s", directory->path, name);
}

static int text_write(UnitDirectory *directory, const char *name, const char *text, size_t size) {
    _cleanup_free_ char *guarded = NULL;
    int r = guarded_text_make(directory->path, name, text, size, &guarded);
    if (r < 0)
        return r;
    return guarded ? run_file_write(directory->units_fd, name, guarded, strlen(guarded))
                   : run_file_write(directory->units_fd, name, text, size);
}

int unit_directory_write(UnitDirectory *directory, const char *name, const char *text, size_t size,
                         Error *reterr) {
    int r = unit_name_check(name, reterr);
    if (r < 0)
        return r;
    r = unit_directory_set_launched(directory, name, false);
    if (r >= 0)
        r = text_write(directory, name, text, size);
    if (r < 0)
        return error_set(reterr, r, "failed to write '%s/units/%s': %s", directory->path, name,
                         strerror(-r));
    return 0;
}

int unit_directory_remove(UnitDirectory *directory, const char *name, Error *reterr) {
    int r = unit_name_check(name, reterr);
    if (r < 0)
        return r;
    r = unit_directory_set_launched(directory, name, false);
    if (r >= 0)
        r = run_file_remove(directory->units_fd, name);
    if (r >= 0)
        r = run_file_remove(directory->clusters_fd, name);
    if (r >= 0)
        r = run_file_remove(directory->health_fd, name);
    if (r < 0)
        return error_set(reterr, r, "failed to remove '%s/units/%s': %s", directory->path, name,
                         strerror(-r));
    return 0;
}

static int mark_set(int directory_fd, const char *name, bool is_set) {
    return is_set ? run_file_write(directory_fd, name, "", 0) : run_file_remove(directory_fd, name);
}

int unit_directory_set_launched(UnitDirectory *directory, const char *name, bool is_launched) {
    int r = unit_name_check(name, NULL);
    return r < 0 ? r : mark_set(directory->launched_fd, name, is_launched);
}

bool unit_directory_is_launched(const UnitDirectory *directory, const char *name) {
    return unit_name_check(name, NULL) >= 0 && run_file_exists(directory->launched_fd, name);
}

int unit_directory_note_launched(UnitDirectory *directory, const char *name, int64_t restart) {
    _cleanup_free_ char *text = str_printf("%lld", (long long) restart);
    int r = text ? unit_name_check(name, NULL) : -ENOMEM;
    return r < 0 ? r : run_file_write(directory->launched_fd, name, text, strlen(text));
}

int64_t unit_directory_get_restart(const UnitDirectory *directory, const char *name) {
    _cleanup_free_ char *text = NULL;
    const char *end;
    uint64_t restart;
    size_t size;
    int r = unit_name_check(name, NULL);
    if (r >= 0)
        r = run_file_read(directory->launched_fd, name, RESTART_LENGTH_MAX, &text, &size);
    if (r < 0 || decimal_parse(text, 0, &restart, &end) < 0 || end != text + size ||
        restart > UNIT_RESTART_MAX)
        return -1;
    return (int64_t) restart;
}

/* By rename, as the file is: half an id would be another cluster's. */
int unit_directory_set_cluster(UnitDirectory *directory, const char *name, const char *cluster) {
    if (unit_name_check(name, NULL) < 0 || cluster_id_check(cluster, NULL) < 0)
        return -EINVAL;
    return run_file_write(directory->clusters_fd, name, cluster, strlen(cluster));
}

int unit_directory_get_cluster(const UnitDirectory *directory, const char *name, char **ret) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r = unit_name_check(name, NULL);
    if (r >= 0)
        r = run_file_read(directory->clusters_fd, name, CLUSTER_ID_LENGTH, &text, &size);
    if (r == -ENOMEM)
        return r;
    *ret = r >= 0 && cluster_id_check(text, NULL) >= 0 ? TAKE_PTR(text) : NULL;
    return 0;
}

/* *common: of those before; NULL: of none. */
static int cluster_join(const UnitDirectory *directory, const char *name, char **common) {
    _cleanup_free_ char *cluster = NULL;
    if (!run_file_exists(directory->units_fd, name))
        return 0; /* left over */
    int r = unit_directory_get_cluster(directory, name, &cluster);
    if (r < 0 || !cluster)
        return r;
    if (*common)
        return streq(*common, cluster) ? 0 : -EXDEV;
    *common = TAKE_PTR(cluster);
    return 0;
}

int unit_directory_common_cluster(const UnitDirectory *directory, char **ret) {
    _cleanup_directory_ DIR *stream = NULL;
    _cleanup_free_ char *common = NULL;
    int r = run_directory_stream(directory->clusters_fd, &stream);
    while (r >= 0) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry && errno == 0) {
            *ret = TAKE_PTR(common);
            return 0;
        }
        r = entry ? cluster_join(directory, entry->d_name, &common) : -errno;
    }
    return r;
}

int unit_directory_set_health(UnitDirectory *directory, const char *name, const char *health) {
    int r = unit_name_check(name, NULL);
    if (r < 0)
        return r;
    return health ? run_file_write(directory->health_fd, name, health, strlen(health))
                  : run_file_remove(directory->health_fd, name);
}

int unit_directory_get_health(const UnitDirectory *directory, const char *name, char **ret) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r = unit_name_check(name, NULL);
    if (r >= 0)
        r = run_file_read(directory->health_fd, name, UNIT_HEALTH_NOTE_MAX, &text, &size);
    if (r == -ENOMEM)
        return r;
    *ret = r >= 0 && text_is_printable(text) && strlen(text) == size ? TAKE_PTR(text) : NULL;
    return 0;
}

int unit_directory_set_unfinished(UnitDirectory *directory, bool is_unfinished) {
    return mark_set(directory->fd, UNFINISHED_FILE, is_unfinished);
}

bool unit_directory_is_unfinished(const UnitDirectory *directory) {
    return run_file_exists(directory->fd, UNFINISHED_FILE);
}
