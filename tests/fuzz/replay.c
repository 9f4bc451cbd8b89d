/* Runs a fuzz target over inputs: the given files and folders, or its folder of tests/fuzz/corpus.
 * Speaks TAP; the last input that it names is the one that did not pass. */
#include "fleetd/base/strv.h"
#include "tests/fuzz/fuzz.h"

#include <fts.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of one input; also under valgrind. */
#define SECONDS_MAX 120

static void input_run(const char *path, size_t size) {
    FILE *file = fopen(path, "re");
    /* Exactly as large, so that whoever reads past the end is caught. */
    uint8_t *data = malloc(size);
    HOLDS(file && (data || size == 0));
    HOLDS(fread(data, 1, size, file) == size);
    fclose(file);
    printf("# %s\n", path);
    fflush(stdout);
    alarm(SECONDS_MAX);
    LLVMFuzzerTestOneInput(data, size);
    alarm(0);
    free(data);
}

static size_t inputs_run(char **paths) {
    size_t n = 0;
    FTS *tree = fts_open(paths, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    HOLDS(tree);
    for (FTSENT *entry; (entry = fts_read(tree));) {
        HOLDS(entry->fts_info != FTS_NS && entry->fts_info != FTS_DNR);
        if (entry->fts_info != FTS_F)
            continue;
        input_run(entry->fts_path, (size_t) entry->fts_statp->st_size);
        n++;
    }
    fts_close(tree);
    return n;
}

int main(int argc, char **argv) {
    const char *name = basename(argv[0]), *top = getenv("top_srcdir");
    _cleanup_free_ char *corpus = str_printf("%s/tests/fuzz/corpus/%s", str_or(top, "."), name);
    HOLDS(corpus);
    puts("1..1");
    size_t n = inputs_run(argc > 1 ? argv + 1 : (char *[]){corpus, NULL});
    printf("%s 1 - %s takes %zu inputs\n", n > 0 ? "ok" : "not ok", name, n);
    return n == 0;
}
