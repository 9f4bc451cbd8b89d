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
