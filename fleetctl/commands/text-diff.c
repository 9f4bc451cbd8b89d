/* diff(1) reads memory that it inherits. */
#include "fleetctl/commands/text-diff.h"

#include "fleetctl/remote/process.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct Memory {
    int fd;     /* -1: not open */
    char *path; /* by which diff opens that */
} Memory;

static void memory_done(Memory *memory) {
    if (memory->fd >= 0)
        close(memory->fd);
    free(memory->path);
}
#define _cleanup_memory_ _cleanup_(memory_done)

static int memory_write(const Memory *memory, const TextSide *side) {
    for (size_t n = 0; n < side->size;) {
        ssize_t written = write(memory->fd, side->text + n, side->size - n);
        if (written < 0 && errno != EINTR)
            return -errno;
        n += (size_t) MAX(written, 0);
    }
    return 0;
}

/* The program that it is for inherits it. */
static int memory_open(Memory *memory, const TextSide *side) {
    memory->fd = memfd_create("unit-file", 0);
    if (memory->fd < 0)
        return -errno;
    memory->path = str_printf("/dev/fd/%d", memory->fd);
    return memory->path ? memory_write(memory, side) : -ENOMEM;
}

int text_diff(const Context *context, const TextSide *old, const TextSide *new, Error *reterr) {
    _cleanup_memory_ Memory before = {.fd = -1}, after = {.fd = -1};
    int r = memory_open(&before, old);
    if (r >= 0)
        r = memory_open(&after, new);
    if (r < 0)
        return r;
    char *const words[] = {(char *) "diff",
                           (char *) "-u",
                           (char *) (context->look.has_color ? "--color=always" : "--color=never"),
                           (char *) "--label",
                           (char *) old->label,
                           (char *) "--label",
                           (char *) new->label,
                           before.path,
                           after.path,
                           NULL};
    return process_run(words, reterr);
}
