//! archive: libx.a gc_sections_member.c
//! options: gc_sections
//! flags: -O2 -ffunction-sections -fdata-sections
// A member is taken whole, and what of it nothing uses is left out, with what that needs.
#include "../include/case.h"

int used(void);

int main(void) {
    CHECK(used() == 3);
    return 0;
}
