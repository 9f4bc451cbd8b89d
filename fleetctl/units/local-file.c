#include "fleetctl/units/local-file.h"

#include "fleetd/model/unit-file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

DEFINE_POINTER_CLEANUP(FILE, fclose)

/* What is no regular file is not there: a folder may be called like a unit, and a pipe would block.
 */
static bool file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) < 0 ? errno != ENOENT && errno != ENOTDIR : S_ISREG(st.st_mode);
}

static int file_read(const char *path, char **ret_text, size_t *ret_size) {
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    _cleanup_free_ char *text = malloc(UNIT_FILE_SIZE_MAX + 1);
    if (!file)
        return -errno;
    if (!text)
        return -ENOMEM;
    size_t size = fread(text, 1, UNIT_FILE_SIZE_MAX + 1, file);
    if (ferror(file))
        return -EIO;
    if (size > UNIT_FILE_SIZE_MAX)
        return -EFBIG;
    text[size] = 0;
    *ret_text = TAKE_PTR(text);
    *ret_size = size;
    return 0;
}

int local_file_load(const char *path, LocalFile *ret, Error *reterr) {
    _cleanup_local_file_ LocalFile file = {.path = strdup(path)};
    if (!file.path)
        return -ENOMEM;
    int r = file_exists(path) ? file_read(path, &file.text, &file.size) : 0;
    if (r == -EFBIG)
        return error_set(reterr, r, "%s: a unit file has at most %d bytes", path,
                         UNIT_FILE_SIZE_MAX);
    if (r < 0)
        return error_set(reterr, r, "%s: %s", path, strerror(-r));
    *ret = file;
    file = (LocalFile){};
    return 0;
}

void local_file_done(LocalFile *file) {
    free(file->path);
    free(file->text);
    *file = (LocalFile){};
}
