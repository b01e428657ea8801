//! with: many_nobits_sections.S
//! flags: -O2
// A thousand zeroed sections of odd sizes, between filled ones: each has its own room.
#include "../include/case.h"

extern char *const many_nobits[1000];

int main(void) {
    for (int i = 0; i < 1000; i++) {
        CHECK((uintptr_t)many_nobits[i] % 16 == 0);
        for (int k = 0; k < 37; k++)
            CHECK(many_nobits[i][k] == 0);
        for (int k = 0; k < 37; k++)
            many_nobits[i][k] = (char)(i + k);
    }
    for (int i = 0; i < 1000; i++)
        for (int k = 0; k < 37; k++)
            CHECK(many_nobits[i][k] == (char)(i + k));
    return 0;
}
