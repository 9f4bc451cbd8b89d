#include "fleetd/systemd/guard-directory.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/systemd/run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define RECORD_SIZE_MAX 256
#define TIME_MAX_USEC ((usec_t) INT64_MAX / 4) /* so that sums do not overflow */
#define PERMIT_TRIES 8

struct GuardDirectory {
    char *path;
    int fd, records_fd, permits_fd, asking_fd;
};

usec_t guard_record_deadline(const GuardRecord *record) {
    return record->at_usec + record->stop_after_usec;
}

usec_t guard_clock(void) {
    struct timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static int directories_open(GuardDirectory *directory, const char *run_directory, Error *reterr) {
    _cleanup_fd_ int run_fd = -1;
    int r = run_directory_open(AT_FDCWD, run_directory, &run_fd, reterr);
    if (r >= 0)
        r = run_directory_open(run_fd, "guard", &directory->fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "units", &directory->records_fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "permits", &directory->permits_fd, reterr);
    if (r >= 0)
        r = run_directory_open(directory->fd, "asking", &directory->asking_fd, reterr);
    return r;
}

int guard_directory_open(const char *run_directory, GuardDirectory **ret, Error *reterr) {
    _cleanup_(guard_directory_freep) GuardDirectory *directory = calloc(1, sizeof(GuardDirectory));
    if (!directory)
        return -ENOMEM;
    directory->fd = directory->records_fd = directory->permits_fd = directory->asking_fd = -1;
    directory->path = str_printf("%s/guard", run_directory);
    if (!directory->path)
        return -ENOMEM;
    int r = directories_open(directory, run_directory, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(directory);
    return 0;
}

void guard_directory_free(GuardDirectory *directory) {
    if (!directory)
        return;
    fd_closep(&directory->fd);
    fd_closep(&directory->records_fd);
    fd_closep(&directory->permits_fd);
    fd_closep(&directory->asking_fd);
    free(directory->path);
    free(directory);
}

char *guard_directory_records_path(const GuardDirectory *directory) {
    return str_printf("%s/units", directory->path);
}

static bool name_is_sane(const char *name) {
    return *name != '.' && !strchr(name, '/') && unit_name_check(name, NULL) >= 0;
}

/* --- records --- */

static usec_t time_limit(uint64_t usec) {
    return usec <= TIME_MAX_USEC ? usec : 0;
}

/* One that cannot be read vouches for nothing: the unit is stopped. */
static GuardRecord record_parse(const char *text) {
    uint64_t after, timeout, at;
    if (sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64 "\n", &after, &timeout, &at) != 3)
        return (GuardRecord){};
    return (GuardRecord){time_limit(after), time_limit(timeout), time_limit(at)};
}

static int record_read(GuardDirectory *directory, const char *name, GuardRecord *ret) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r = run_file_read(directory->records_fd, name, RECORD_SIZE_MAX, &text, &size);
    if (r == -ENOENT || r == -ENOMEM)
        return r;
    *ret = r < 0 ? (GuardRecord){} : record_parse(text);
    return 0;
}

int guard_directory_put(GuardDirectory *directory, const char *name, const GuardRecord *record) {
    if (!name_is_sane(name))
        return -EINVAL;
    _cleanup_free_ char *text =
        str_printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", record->stop_after_usec,
                   record->stop_timeout_usec, record->at_usec);
    return text ? run_file_write(directory->records_fd, name, text, strlen(text)) : -ENOMEM;
}

int guard_directory_walk(GuardDirectory *directory, GuardDirectoryVisit visit, void *userdata) {
    _cleanup_directory_ DIR *stream = NULL;
    int r = run_directory_stream(directory->records_fd, &stream);
    while (r >= 0) {
        GuardRecord record;
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        if (!name_is_sane(entry->d_name))
            continue;
        r = record_read(directory, entry->d_name, &record);
        if (r >= 0)
            r = visit(entry->d_name, &record, userdata);
        else if (r == -ENOENT)
            r = 0;
    }
    return r;
}

static int on_any(const char *name, const GuardRecord *record, void *userdata) {
    *(bool *) userdata = false;
    return 0;
}

bool guard_directory_is_empty(GuardDirectory *directory) {
    bool is_empty = true;
    return guard_directory_walk(directory, on_any, &is_empty) >= 0 && is_empty;
}

typedef struct Limit {
    GuardDirectory *directory;
    usec_t now_usec;
} Limit;

static int record_limit(const char *name, const GuardRecord *record, void *userdata) {
    const Limit *limit = userdata;
    GuardRecord limited = *record;
    limited.at_usec = limit->now_usec;
    return record->at_usec > limit->now_usec ? guard_directory_put(limit->directory, name, &limited)
                                             : 0;
}

int guard_directory_limit(GuardDirectory *directory, usec_t now_usec) {
    return guard_directory_walk(directory, record_limit,
                                &(Limit){.directory = directory, .now_usec = now_usec});
}

/* --- permits --- */

static int asking_clear(GuardDirectory *directory) {
    _cleanup_directory_ DIR *stream = NULL;
    int r = run_directory_stream(directory->asking_fd, &stream);
    while (r >= 0) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        if (*entry->d_name != '.')
            r = run_file_remove(directory->asking_fd, entry->d_name);
    }
    return r;
}

/* In this order, whatever goes wrong with the first: see the top of the header. */
int guard_directory_forbid(GuardDirectory *directory, const char *name) {
    if (!name_is_sane(name))
        return -EINVAL;
    int r = asking_clear(directory);
    int q = run_file_remove(directory->permits_fd, name);
    return r < 0 ? r : q;
}

int guard_directory_remove(GuardDirectory *directory, const char *name) {
    int r = guard_directory_forbid(directory, name);
    return r < 0 ? r : run_file_remove(directory->records_fd, name);
}

bool guard_directory_is_permitted(GuardDirectory *directory, const char *name) {
    return name_is_sane(name) && run_file_exists(directory->permits_fd, name);
}

/* A name that nobody else asks under: not another fleetd either, that was stopped while it did. */
static int asking_name(char ret[static 17]) {
    uint64_t id;
    if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t) sizeof(id))
        id = guard_clock() ^ ((uint64_t) getpid() << 40);
    snprintf(ret, 17, "%016" PRIx64, id);
    return 0;
}

/* -EAGAIN: it was taken away meanwhile, perhaps for another unit's sake. */
static int permit_ask(GuardDirectory *directory, const char *name, const char *id) {
    GuardRecord record;
    int r = run_file_write(directory->asking_fd, id, "", 0);
    if (r >= 0)
        r = record_read(directory, name, &record);
    if (r >= 0 && guard_clock() >= guard_record_deadline(&record))
        r = -ESTALE;
    if (r >= 0 && renameat(directory->asking_fd, id, directory->permits_fd, name) < 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    if (r < 0)
        run_file_remove(directory->asking_fd, id);
    return r;
}

int guard_directory_permit(GuardDirectory *directory, const char *name) {
    char id[17];
    int r = name_is_sane(name) ? -EAGAIN : -EINVAL;
    for (size_t i = 0; i < PERMIT_TRIES && r == -EAGAIN; i++) {
        r = asking_name(id);
        if (r >= 0)
            r = permit_ask(directory, name, id);
    }
    return r == -EAGAIN ? -ESTALE : r;
}
