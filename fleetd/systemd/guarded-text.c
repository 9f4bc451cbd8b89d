#include "fleetd/systemd/guarded-text.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <errno.h>

/* The empty line first: it ends a line that the user has left open with a backslash. A comment
 * would not, as comments may stand inside of continued lines. */
static char *trailer_make(const char *run_directory, const char *name) {
    return str_printf("\n\n# Added by fleet, for StopAfterDisconnect=.\n"
                      "[Unit]\nAssertPathExists=%s/guard/permits/%s\n",
                      run_directory, name);
}

int guarded_text_times(const char *name, const char *text, size_t size, usec_t *ret_stop_after_usec,
                       usec_t *ret_stop_timeout_usec) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    int r = unit_file_parse(text, size, &file, NULL);
    if (r >= 0)
        r = requirements_parse(file, name, &requirements, NULL);
    if (r == -ENOMEM)
        return r;
    *ret_stop_after_usec = r < 0 ? 0 : requirements->stop_after_usec;
    *ret_stop_timeout_usec = r < 0 ? 0 : requirements->stop_timeout_usec;
    return 0;
}

int guarded_text_make(const char *run_directory, const char *name, const char *text, size_t size,
                      char **ret) {
    usec_t stop_after, stop_timeout;
    int r = guarded_text_times(name, text, size, &stop_after, &stop_timeout);
    if (r < 0 || stop_after == 0)
        return r;
    _cleanup_free_ char *trailer = trailer_make(run_directory, name);
    *ret = trailer ? str_printf("%.*s%s", (int) size, text, trailer) : NULL;
    return *ret ? 1 : -ENOMEM;
}

/* A user's own text may end in the very same words. Then it is guarded, so that they stand there
 * twice, or it is not, and neither is it without them. */
size_t guarded_text_strip(const char *run_directory, const char *name, const char *text,
                          size_t size) {
    _cleanup_free_ char *trailer = trailer_make(run_directory, name);
    size_t n = trailer ? strlen(trailer) : 0;
    usec_t stop_after, stop_timeout;
    if (n == 0 || n > size || memcmp(text + size - n, trailer, n) != 0)
        return size;
    int r = guarded_text_times(name, text, size - n, &stop_after, &stop_timeout);
    return r >= 0 && stop_after > 0 ? size - n : size;
}
