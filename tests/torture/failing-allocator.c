#include "fleetd/base/macros.h"
#include "tests/torture/failing-internal.h"
#include "tests/torture/kept-blocks.h"

#include <errno.h>
#include <execinfo.h>
#include <unistd.h>

#define SITES_MAX 4096

static struct {
    bool is_on;
    FailingScope scope;
    size_t n_seen, n_failed;
    size_t first, n_failures; /* those to fail: n_failures of them from the first on */
    unsigned depth;
    size_t n_blocks;
    const void *sites[SITES_MAX];
    size_t n_sites;
    void *last[32];
    int n_last;
} failing;

/* Sites are few: a linear search does. */
static void site_add(const void *caller) {
    for (size_t i = 0; i < failing.n_sites; i++)
        if (failing.sites[i] == caller)
            return;
    if (failing.n_sites < SITES_MAX)
        failing.sites[failing.n_sites++] = caller;
}

void failing_enter(void) {
    failing.depth++;
}

void failing_leave(void) {
    failing.depth--;
}

bool failing_turn(const void *caller) {
    if (!failing.is_on || failing.depth > 0)
        return false;
    size_t i = ++failing.n_seen;
    if (failing.first == 0 || i < failing.first || i - failing.first >= failing.n_failures)
        return false;
    failing.n_failed++;
    failing_enter();
    site_add(caller);
    failing.n_last = backtrace(failing.last, ELEMENTSOF(failing.last));
    failing_leave();
    errno = ENOMEM;
    return true;
}

void failing_prepare(void) {
    (void) backtrace(failing.last,
                     ELEMENTSOF(failing.last)); /* it loads a library the first time */
}

void failing_begin(FailingScope scope, size_t nth, size_t n_failures) {
    failing.is_on = true;
    failing.scope = scope;
    failing.first = nth;
    failing.n_failures = n_failures;
    failing.n_seen = failing.n_failed = 0;
}

void failing_now(size_t n_failures) {
    failing.first = failing.n_seen + 1;
    failing.n_failures = n_failures;
}

size_t failing_end(void) {
    failing.is_on = false;
    return failing.n_seen;
}

size_t failing_count_failed(void) {
    return failing.n_failed;
}

size_t failing_count_sites(void) {
    return failing.n_sites;
}

size_t failing_count_blocks(void) {
    return failing.n_blocks;
}

size_t failing_count_kept(void) {
    return kept_count();
}

void failing_print_site(void) {
    backtrace_symbols_fd(failing.last, failing.n_last, STDERR_FILENO);
}

/* --- the whole process: glibc lets a program bring its own malloc() --- */

#ifndef __has_feature /* clang's word for it */
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)

bool failing_can(FailingScope scope) {
    return scope == FAILING_PRODUCTION;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *old, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **ret, size_t alignment, size_t size);
void free(void *block);

bool failing_can(FailingScope scope) {
    return scope < _FAILING_SCOPE_MAX;
}

static bool library_turn(const void *caller) {
    return failing.scope == FAILING_LIBRARIES && failing_turn(caller);
}

static void *counted(void *block) {
    failing.n_blocks += block != NULL;
    if (failing.is_on && failing.depth > 0)
        kept_add(block);
    return block;
}

void *malloc(size_t size) {
    return library_turn(__builtin_return_address(0)) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size) {
    return library_turn(__builtin_return_address(0)) ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size) {
    if (library_turn(__builtin_return_address(0)))
        return NULL;
    void *block = __libc_realloc(old, size);
    if (old && (block || size == 0)) {
        failing.n_blocks--;
        kept_remove(old);
    }
    return old && !block ? NULL : counted(block);
}

void *memalign(size_t alignment, size_t size) {
    return library_turn(__builtin_return_address(0)) ? NULL
                                                     : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size) {
    void *block = memalign(alignment, size);
    if (!block)
        return ENOMEM;
    *ret = block;
    return 0;
}

void free(void *block) {
    failing.n_blocks -= block != NULL;
    kept_remove(block);
    __libc_free(block);
}

#endif
