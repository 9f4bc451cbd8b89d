#include "fleetd/systemd/unit-directory.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/cluster-id.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE ".new" /* no unit's name; one is enough, as nothing else runs meanwhile */
#define UNFINISHED_FILE "unfinished"

struct UnitDirectory {
    char *path;
    int fd; /* of path itself */
    int units_fd;
    int launched_fd;
    int clusters_fd;
};

static void fd_closep(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static int directory_open(int at, const char *path, int *ret_fd, Error *reterr) {
    if (mkdirat(at, path, 0755) < 0 && errno != EEXIST)
        return error_set(reterr, -errno, "failed to make directory '%s': %s", path,
                         strerror(errno));
    int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return error_set(reterr, -errno, "failed to open directory '%s': %s", path,
                         strerror(errno));
    *ret_fd = fd;
    return 0;
}

int unit_directory_open(const char *path, UnitDirectory **ret, Error *reterr) {
    _cleanup_(unit_directory_freep) UnitDirectory *directory = calloc(1, sizeof(UnitDirectory));
    if (!directory)
        return -ENOMEM;
    directory->fd = directory->units_fd = directory->launched_fd = directory->clusters_fd = -1;
    directory->path = strdup(path);
    if (!directory->path)
        return -ENOMEM;
    int r = directory_open(AT_FDCWD, path, &directory->fd, reterr);
    if (r >= 0)
        r = directory_open(directory->fd, "units", &directory->units_fd, reterr);
    if (r >= 0)
        r = directory_open(directory->fd, "launched", &directory->launched_fd, reterr);
    if (r >= 0)
        r = directory_open(directory->fd, "clusters", &directory->clusters_fd, reterr);
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
    free(directory->path);
    free(directory);
}

/* unit_name_check() forbids '/' and names that begin with a dot are no units, so that a name that
 * passes can not lead out of the directory. */
static int file_name_check(const char *name, Error *reterr) {
    if (strchr(name, '/') || *name == '.')
        return error_set(reterr, -EINVAL, "'%s' is no unit name", name);
    return unit_name_check(name, reterr);
}

static int file_read_all(int fd, size_t size, char **ret_text) {
    _cleanup_free_ char *text = malloc(size + 1);
    if (!text)
        return -ENOMEM;
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, text + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += (size_t) n;
    }
    text[size] = 0;
    *ret_text = TAKE_PTR(text);
    return 0;
}

/* O_NONBLOCK: a FIFO that somebody put there must not hold us up. */
static int file_read(int directory_fd, const char *name, char **ret_text, size_t *ret_size) {
    struct stat st;
    _cleanup_(fd_closep) int fd =
        openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size > UNIT_FILE_SIZE_MAX)
        return -EINVAL;
    *ret_size = (size_t) st.st_size;
    return file_read_all(fd, *ret_size, ret_text);
}

static void directory_closep(DIR **stream) {
    if (*stream)
        closedir(*stream);
}

static int directory_stream(int directory_fd, DIR **ret) {
    int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret = fdopendir(fd); /* takes the descriptor over */
    if (*ret)
        return 0;
    int r = -errno;
    close(fd);
    return r;
}

static int file_visit(UnitDirectory *directory, const char *name, UnitDirectoryVisit visit,
                      void *userdata) {
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    if (file_name_check(name, NULL) < 0 || file_read(directory->units_fd, name, &text, &size) < 0)
        return 0;
    return visit(name, text, size, userdata);
}

int unit_directory_walk(UnitDirectory *directory, UnitDirectoryVisit visit, void *userdata) {
    _cleanup_(directory_closep) DIR *stream = NULL;
    int r = directory_stream(directory->units_fd, &stream);
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

static int file_write_all(int fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            text += n;
            size -= (size_t) n;
        }
    }
    return 0;
}

/* The mode is set apart, as the caller's umask may be narrow and systemctl cat is for everybody. */
static int file_create(int directory_fd, const char *name, const char *text, size_t size) {
    if (unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_(fd_closep) int fd =
        openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int r = file_write_all(fd, text, size);
    if (r < 0)
        return r;
    return fchmod(fd, 0644) < 0 ? -errno : 0;
}

static int file_unlink(int directory_fd, const char *name) {
    return unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int file_replace(int directory_fd, const char *name, const char *text, size_t size) {
    int r = file_create(directory_fd, NEW_FILE, text, size);
    if (r >= 0 && renameat(directory_fd, NEW_FILE, directory_fd, name) < 0)
        r = -errno;
    if (r < 0)
        file_unlink(directory_fd, NEW_FILE);
    return r;
}

int unit_directory_write(UnitDirectory *directory, const char *name, const char *text, size_t size,
                         Error *reterr) {
    int r = file_name_check(name, reterr);
    if (r < 0)
        return r;
    r = unit_directory_set_launched(directory, name, false);
    if (r >= 0)
        r = file_replace(directory->units_fd, name, text, size);
    if (r < 0)
        return error_set(reterr, r, "failed to write '%s/units/%s': %s", directory->path, name,
                         strerror(-r));
    return 0;
}

int unit_directory_remove(UnitDirectory *directory, const char *name, Error *reterr) {
    int r = file_name_check(name, reterr);
    if (r < 0)
        return r;
    r = unit_directory_set_launched(directory, name, false);
    if (r >= 0)
        r = file_unlink(directory->units_fd, name);
    if (r >= 0)
        r = file_unlink(directory->clusters_fd, name);
    if (r < 0)
        return error_set(reterr, r, "failed to remove '%s/units/%s': %s", directory->path, name,
                         strerror(-r));
    return 0;
}

static int mark_set(int directory_fd, const char *name, bool is_set) {
    return is_set ? file_create(directory_fd, name, "", 0) : file_unlink(directory_fd, name);
}

static bool mark_is_set(int directory_fd, const char *name) {
    struct stat st;
    return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode);
}

int unit_directory_set_launched(UnitDirectory *directory, const char *name, bool is_launched) {
    int r = file_name_check(name, NULL);
    return r < 0 ? r : mark_set(directory->launched_fd, name, is_launched);
}

bool unit_directory_is_launched(const UnitDirectory *directory, const char *name) {
    return file_name_check(name, NULL) >= 0 && mark_is_set(directory->launched_fd, name);
}

/* By rename, as the file is: half an id would be another cluster's. */
int unit_directory_set_cluster(UnitDirectory *directory, const char *name, const char *cluster) {
    if (file_name_check(name, NULL) < 0 || cluster_id_check(cluster, NULL) < 0)
        return -EINVAL;
    return file_replace(directory->clusters_fd, name, cluster, strlen(cluster));
}

int unit_directory_get_cluster(const UnitDirectory *directory, const char *name, char **ret) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r = file_name_check(name, NULL);
    if (r >= 0)
        r = file_read(directory->clusters_fd, name, &text, &size);
    if (r == -ENOMEM)
        return r;
    *ret = r >= 0 && cluster_id_check(text, NULL) >= 0 ? TAKE_PTR(text) : NULL;
    return 0;
}

int unit_directory_read(const UnitDirectory *directory, const char *name, char **ret_text,
                        size_t *ret_size) {
    int r = file_name_check(name, NULL);
    return r < 0 ? r : file_read(directory->units_fd, name, ret_text, ret_size);
}

int unit_directory_set_unfinished(UnitDirectory *directory, bool is_unfinished) {
    return mark_set(directory->fd, UNFINISHED_FILE, is_unfinished);
}

bool unit_directory_is_unfinished(const UnitDirectory *directory) {
    return mark_is_set(directory->fd, UNFINISHED_FILE);
}
