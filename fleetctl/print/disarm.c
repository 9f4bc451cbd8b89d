#include "fleetctl/print/disarm.h"

#include "fleetd/model/text.h"

void text_disarm(char *text, char stand_in, const char *kept) {
    size_t size = strlen(text);
    while (size > 0) {
        bool is_tab = *text == '\t';
        size_t n = is_tab ? 0 : text_character_length(text, size);
        if (n == 0) {
            if (!strchr(kept, *text))
                *text = stand_in;
            n = 1;
        }
        text += n;
        size -= n;
    }
}

/* How much of the beginning is harmless. A line end is json-c's own: those in strings it escapes.
 */
static size_t json_harmless_length(const char *json, size_t size) {
    size_t length = 0;
    for (size_t n = 1; n > 0 && length < size; length += n)
        n = json[length] == '\n' ? 1 : text_character_length(json + length, size - length);
    return length;
}

/* Prints what stands for the first character, and tells how long that is. */
static size_t json_escape_one(const char *json, FILE *file) {
    const unsigned char *p = (const unsigned char *) json;
    bool is_c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
    fprintf(file, "\\u%04x", is_c1 ? p[1] : *p < 0x80 ? *p : 0xfffdU);
    return is_c1 ? 2 : 1;
}

void json_print_disarmed(const char *json, FILE *file) {
    const char *end = json + strlen(json);
    while (json < end) {
        size_t n = json_harmless_length(json, (size_t) (end - json));
        fwrite(json, 1, n, file);
        json += n;
        if (json < end)
            json += json_escape_one(json, file);
    }
}
