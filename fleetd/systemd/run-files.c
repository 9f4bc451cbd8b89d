#include "fleetd/systemd/run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define NEW_FILE ".new" /* no unit's name; one is enough, as nothing else runs meanwhile */

int run_directory_open(int at, const char *path, int *ret_fd, Error *reterr) {
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

int run_directory_stream(int directory_fd, DIR **ret) {
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
int run_file_read(int directory_fd, const char *name, size_t size_max, char **ret_text,
                  size_t *ret_size) {
    struct stat st;
    _cleanup_fd_ int fd =
        openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || (uint64_t) st.st_size > size_max)
        return -EINVAL;
    *ret_size = (size_t) st.st_size;
    return read_all(fd, *ret_size, ret_text);
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

/* The mode is set apart, as the caller's umask may be narrow and systemctl cat is for everybody. */
int run_file_create(int directory_fd, const char *name, const char *text, size_t size) {
    if (unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_fd_ int fd =
        openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, text, size);
    if (r < 0)
        return r;
    return fchmod(fd, 0644) < 0 ? -errno : 0;
}

int run_file_replace(int directory_fd, const char *name, const char *text, size_t size) {
    int r = run_file_create(directory_fd, NEW_FILE, text, size);
    if (r >= 0 && renameat(directory_fd, NEW_FILE, directory_fd, name) < 0)
        r = -errno;
    if (r < 0)
        run_file_unlink(directory_fd, NEW_FILE);
    return r;
}

int run_file_unlink(int directory_fd, const char *name) {
    return unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

bool run_file_exists(int directory_fd, const char *name) {
    struct stat st;
    return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode);
}
