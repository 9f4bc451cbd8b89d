/* fleet's directory of unit files with whatever may lie in it. Each line of the input is a step:
 * its first letter says what is done there, then come the name, a blank, and a text. Only regular
 * files of units are seen, and nothing outside is touched. */
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/systemd/unit-directory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS_MAX 24
#define SECRET "what lies outside"

typedef struct World {
    char *path; /* of the folder around */
    int fd;     /* of units/ */
    UnitDirectory *directory;
} World;

static void put_file(World *world, const char *name, const char *text) {
    int fd = openat(world->fd, name,
                    O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return;
    HOLDS(write(fd, text, strlen(text)) == (ssize_t) strlen(text));
    close(fd);
}

/* It may be there, or not be possible under that name. */
static void put_check(int r) {
    HOLDS(r == 0 || errno == EEXIST || errno == ENAMETOOLONG);
}

static void put_folder(World *world, const char *name, const char *text) {
    put_check(mkdirat(world->fd, name, 0700));
}

static void put_link(World *world, const char *name, const char *text) {
    put_check(symlinkat(*text == 'u' ? "." : "../../outside", world->fd, name));
}

static void put_fifo(World *world, const char *name, const char *text) {
    put_check(mkfifoat(world->fd, name, 0600));
}

static bool name_is_fit(const char *name) {
    return unit_name_check(name, NULL) == 0 && *name != '.';
}

static void write_file(World *world, const char *name, const char *text) {
    int r = unit_directory_write(world->directory, name, text, strlen(text), NULL);
    struct stat st;
    HOLDS(r < 0 || name_is_fit(name));
    if (r < 0)
        return;
    HOLDS(fstatat(world->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode));
    HOLDS((st.st_mode & 07777) == 0644 && (size_t) st.st_size == strlen(text));
    HOLDS(!unit_directory_is_launched(world->directory, name));
}

static void remove_file(World *world, const char *name, const char *text) {
    struct stat st;
    if (unit_directory_remove(world->directory, name, NULL) >= 0)
        HOLDS(name_is_fit(name) && fstatat(world->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0);
}

static void mark(World *world, const char *name, const char *text) {
    int r = unit_directory_set_launched(world->directory, name, *text == '1');
    HOLDS(r < 0 || unit_directory_is_launched(world->directory, name) == (*text == '1'));
    HOLDS(r >= 0 || !name_is_fit(name));
    if (unit_directory_note_launched(world->directory, name, (unsigned char) *text) >= 0)
        HOLDS(unit_directory_get_restart(world->directory, name) == (unsigned char) *text);
}

static int on_file(const char *name, const char *text, size_t size, void *userdata) {
    const World *world = userdata;
    struct stat st;
    HOLDS(name_is_fit(name) && text[size] == 0);
    HOLDS(fstatat(world->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
    HOLDS(S_ISREG(st.st_mode) && (size_t) st.st_size == size);
    return 0;
}

static void walk(World *world, const char *name, const char *text) {
    HOLDS(unit_directory_walk(world->directory, on_file, world) == 0);
}

static const struct {
    char letter;
    void (*take)(World *world, const char *name, const char *text);
} steps[] = {
    {'f', put_file},   {'d', put_folder},  {'l', put_link}, {'p', put_fifo},
    {'w', write_file}, {'r', remove_file}, {'m', mark},     {'g', walk},
};

/* The folder may hold anything, but names of files that lead elsewhere: nobody can make those. */
static bool can_be_put(char letter, const char *name) {
    return !strchr("fdlp", letter) || (*name && !strchr(name, '/'));
}

static void step_take(World *world, char *line) {
    char *name = *line ? line + 1 : line, *blank = strchr(name, ' ');
    if (blank)
        *blank = 0;
    for (size_t i = 0; *line && i < ELEMENTSOF(steps); i++)
        if (steps[i].letter == *line && can_be_put(*line, name))
            steps[i].take(world, name, blank ? blank + 1 : "");
}

static void world_open(World *world) {
    world->path = temporary_directory_new();
    _cleanup_free_ char *run = str_printf("%s/run", world->path),
                        *outside = str_printf("%s/outside", world->path),
                        *units = str_printf("%s/run/units", world->path);
    FILE *file = fopen(outside, "we");
    HOLDS(file && fputs(SECRET, file) >= 0 && fclose(file) == 0);
    HOLDS(unit_directory_open(run, &world->directory, NULL) == 0);
    world->fd = open(units, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOLDS(world->fd >= 0);
}

static void world_close(World *world) {
    unit_directory_free(world->directory);
    close(world->fd);
    temporary_directory_free(world->path);
}

static void outside_check(const World *world) {
    char text[64] = "";
    _cleanup_free_ char *outside = str_printf("%s/outside", world->path);
    FILE *file = fopen(outside, "re");
    HOLDS(file && fgets(text, sizeof(text), file) && streq(text, SECRET));
    fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    World world = {};
    world_open(&world);
    for (int i = 0; i < STEPS_MAX && input.size > 0; i++) {
        _cleanup_free_ char *line = fuzz_take_line(&input);
        step_take(&world, line);
    }
    walk(&world, "", "");
    outside_check(&world);
    world_close(&world);
    return 0;
}
