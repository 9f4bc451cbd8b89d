#include "fleetd/boot-id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#define NAME "boot-id"
#define NEW_NAME "boot-id.new"

static void fd_closep(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
#define _cleanup_fd_ _cleanup_(fd_closep)

/* -ENODATA: what is there is none, such as the beginning of one. */
static int id_read(int directory, sd_id128_t *ret) {
    char text[SD_ID128_STRING_MAX] = {};
    _cleanup_fd_ int fd = openat(directory, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return -errno;
    return sd_id128_from_string(text, ret) < 0 ? -ENODATA : 0;
}

static int id_write(int directory, sd_id128_t id) {
    char text[SD_ID128_STRING_MAX];
    sd_id128_to_string(id, text);
    (void) unlinkat(directory, NEW_NAME, 0);
    _cleanup_fd_ int fd =
        openat(directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) != (ssize_t) strlen(text))
        return errno ? -errno : -EIO;
    return renameat(directory, NEW_NAME, directory, NAME) < 0 ? -errno : 0;
}

static int id_load(const char *run_directory, sd_id128_t *ret) {
    if (mkdir(run_directory, 0755) < 0 && errno != EEXIST)
        return -errno;
    _cleanup_fd_ int directory =
        open(run_directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    int r = id_read(directory, ret);
    if (r >= 0)
        return r;
    r = sd_id128_randomize(ret);
    return r < 0 ? r : id_write(directory, *ret);
}

int boot_id_load(const char *run_directory, char **ret, Error *reterr) {
    char text[SD_ID128_STRING_MAX];
    sd_id128_t id;
    int r = id_load(run_directory, &id);
    if (r < 0)
        return error_set(reterr, r, "cannot keep an id of this boot in '%s/" NAME "': %s",
                         run_directory, strerror(-r));
    *ret = strdup(sd_id128_to_string(id, text));
    return *ret ? 0 : -ENOMEM;
}
