//! with: empty_nothing.c empty_sections.S
//! orders: both
//! flags: -O2
// Objects without code, and sections without bytes, whose symbols still have addresses.
#include "../include/case.h"

extern char empty_start[], empty_text[];

int main(void) {
    CHECK(OPAQUE((uintptr_t)empty_start) != 0);
    CHECK(OPAQUE((uintptr_t)empty_text) != 0);
    return 0;
}
