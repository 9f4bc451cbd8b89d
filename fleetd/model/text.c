#include "fleetd/model/text.h"

typedef struct Utf8Lead {
    unsigned char mask, bits; /* how the first byte is recognised */
    size_t length;
    uint32_t smallest; /* code point that needs that length: anything below is overlong */
} Utf8Lead;

static const Utf8Lead leads[] = {
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

static bool code_point_is_allowed(uint32_t c) {
    bool is_control = (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0);
    bool is_surrogate = c >= 0xd800 && c < 0xe000;
    return !is_control && !is_surrogate && c <= 0x10ffff;
}

static const Utf8Lead *lead_find(unsigned char byte) {
    for (size_t i = 0; i < ELEMENTSOF(leads); i++)
        if ((byte & leads[i].mask) == leads[i].bits)
            return &leads[i];
    return NULL;
}

size_t text_character_length(const char *text, size_t size) {
    const unsigned char *p = (const unsigned char *) text;
    const Utf8Lead *lead = size > 0 ? lead_find(*p) : NULL;
    if (!lead || lead->length > size)
        return 0;
    uint32_t c = *p & (unsigned char) ~lead->mask;
    for (size_t i = 1; i < lead->length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    return c >= lead->smallest && code_point_is_allowed(c) ? lead->length : 0;
}

bool text_is_printable(const char *text) {
    size_t size = strlen(text);
    while (size > 0) {
        size_t n = text_character_length(text, size);
        if (n == 0 || *text == '\t')
            return false;
        text += n;
        size -= n;
    }
    return true;
}

#define TEXT_SHORT_MAX 64

int text_short_length(const char *text) {
    size_t length = 0, size = strnlen(text, TEXT_SHORT_MAX);
    for (size_t n = 1; n > 0 && length < size; length += n)
        n = text_character_length(text + length, size - length);
    return (int) length;
}

#define TEXT_PRINTED_MAX 256

char *text_to_printable(const char *text) {
    size_t size = strnlen(text, TEXT_PRINTED_MAX + 1);
    char *copy = malloc(TEXT_PRINTED_MAX + sizeof("..."));
    if (!copy)
        return NULL;
    size_t i = 0;
    while (i < MIN(size, (size_t) TEXT_PRINTED_MAX)) {
        size_t n = text_character_length(text + i, size - i);
        bool is_printable = n > 0 && text[i] != '\t' && i + n <= TEXT_PRINTED_MAX;
        memcpy(copy + i, is_printable ? text + i : "?", is_printable ? n : 1);
        i += is_printable ? n : 1;
    }
    strcpy(copy + i, size > TEXT_PRINTED_MAX ? "..." : "");
    return copy;
}
