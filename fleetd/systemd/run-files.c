#include "fleetd/systemd/run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE ".new" /* no unit's name; one is enough, as nothing else runs meanwhile */
#define DIRECTORY_MODE 0755
#define FILE_MODE 0644 /* systemctl cat is for everybody */

void fd_closep(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

void directory_closep(DIR **stream) {
    if (*stream)
        closedir(*stream);
}

static int directory_open(int at, const char *path, int *ret_fd) {
    bool is_new = mkdirat(at, path, DIRECTORY_MODE) == 0;
    if (!is_new && errno != EEXIST)
        return -errno;
    _cleanup_fd_ int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || (is_new && fchmod(fd, DIRECTORY_MODE) < 0))
        return -errno;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int run_directory_open(int at, const char *path, int *ret_fd, Error *reterr) {
    int r = directory_open(at, path, ret_fd);
    return r < 0 ? error_set(reterr, r, "failed to open directory '%s': %s", path, strerror(-r))
                 : 0;
}

int run_directory_stream(int directory, DIR **ret) {
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret = fdopendir(fd); /* takes the descriptor over */
    if (*ret)
        return 0;
    int r = -errno;
    close(fd);
    return r;
}

static int read_all(int fd, size_t size, char **ret_text) {
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
int run_file_read(int directory, const char *name, size_t size_max, char **ret_text,
                  size_t *ret_size) {
    struct stat st;
    _cleanup_fd_ int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || (size_t) st.st_size > size_max)
        return -EINVAL;
    int r = read_all(fd, (size_t) st.st_size, ret_text);
    if (r >= 0)
        *ret_size = (size_t) st.st_size;
    return r;
}

static int write_all(int fd, const char *text, size_t size) {
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

static int file_create(int directory, const char *name, const char *text, size_t size) {
    int r = run_file_remove(directory, name);
    if (r < 0)
        return r;
    _cleanup_fd_ int fd =
        openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return -errno;
    r = write_all(fd, text, size);
    if (r < 0)
        return r;
    return fchmod(fd, FILE_MODE) < 0 ? -errno : 0;
}

int run_file_write(int directory, const char *name, const char *text, size_t size) {
    int r = file_create(directory, NEW_FILE, text, size);
    if (r >= 0 && renameat(directory, NEW_FILE, directory, name) < 0)
        r = -errno;
    if (r < 0)
        run_file_remove(directory, NEW_FILE);
    return r;
}

int run_file_remove(int directory, const char *name) {
    return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

bool run_file_exists(int directory, const char *name) {
    struct stat st;
    return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode);
}
