#include "tests/fuzz/fuzz.h"

#include "fleetd/model/text.h"

#include <stdio.h>

void fuzz_fail(const char *file, int line, const char *what) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

FuzzInput fuzz_input(const uint8_t *data, size_t size) {
    return (FuzzInput){(const char *) data, size};
}

uint8_t fuzz_take_byte(FuzzInput *input) {
    if (input->size == 0)
        return 0;
    input->size--;
    return (uint8_t) *input->data++;
}

static char *take(FuzzInput *input, size_t size, size_t n_skipped) {
    char *text = malloc(size + 1);
    HOLDS(text);
    if (size > 0)
        memcpy(text, input->data, size);
    text[size] = 0;
    input->data += size + n_skipped;
    input->size -= size + n_skipped;
    return text;
}

char *fuzz_take_line(FuzzInput *input) {
    const char *end = input->size > 0 ? memchr(input->data, '\n', input->size) : NULL;
    return end ? take(input, (size_t) (end - input->data), 1) : take(input, input->size, 0);
}

char *fuzz_take_rest(FuzzInput *input, size_t *ret_size) {
    if (ret_size)
        *ret_size = input->size;
    return take(input, input->size, 0);
}

FuzzInput fuzz_take_part(FuzzInput *input) {
    static const char cut[] = "\n--\n";
    const char *at = memmem(input->data, input->size, cut, strlen(cut));
    FuzzInput part = {input->data, at ? (size_t) (at - input->data) : input->size};
    size_t n = part.size + (at ? strlen(cut) : 0);
    *input = (FuzzInput){input->data + n, input->size - n};
    return part;
}

static bool is_clean(const char *text, const char *others) {
    size_t size = strlen(text);
    while (size > 0) {
        size_t n = strchr(others, *text) ? 1 : text_character_length(text, size);
        if (n == 0)
            return false;
        text += n;
        size -= n;
    }
    return true;
}

bool fuzz_is_clean(const char *text) {
    return is_clean(text, "\r\n");
}

void fuzz_check_message(const char *message) {
    HOLDS(message && *message);
    HOLDS(is_clean(message, ""));
}
