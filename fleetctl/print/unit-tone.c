#include "fleetctl/print/unit-tone.h"

Tone unit_tone(const char *active) {
    static const struct {
        const char *active;
        Tone tone;
    } tones[] = {
        {"active", TONE_GOOD},       {"failed", TONE_BAD},     {"activating", TONE_BUSY},
        {"deactivating", TONE_BUSY}, {"reloading", TONE_BUSY}, {"maintenance", TONE_BUSY},
        {"refreshing", TONE_BUSY},
    };
    for (size_t i = 0; i < ELEMENTSOF(tones); i++)
        if (streq(active, tones[i].active))
            return tones[i].tone;
    return TONE_IDLE;
}
