#include "fleetd/boot-id.h"

#include "fleetd/systemd/run-files.h"

#include <errno.h>
#include <fcntl.h>
#include <systemd/sd-id128.h>

#define NAME "boot-id"

/* Negative: there is none, or what is there is none, such as the beginning of one. */
static int id_read(int directory, sd_id128_t *ret) {
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r = run_file_read(directory, NAME, SD_ID128_STRING_MAX - 1, &text, &size);
    return r < 0 ? r : sd_id128_from_string(text, ret);
}

static int id_make(int directory, sd_id128_t *ret) {
    char text[SD_ID128_STRING_MAX];
    int r = sd_id128_randomize(ret);
    if (r < 0)
        return r;
    sd_id128_to_string(*ret, text);
    return run_file_write(directory, NAME, text, strlen(text));
}

static int id_load(const char *run_directory, sd_id128_t *ret) {
    _cleanup_fd_ int directory = -1;
    int r = run_directory_open(AT_FDCWD, run_directory, &directory, NULL);
    if (r < 0)
        return r;
    return id_read(directory, ret) < 0 ? id_make(directory, ret) : 0;
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
