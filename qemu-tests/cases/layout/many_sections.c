//! with: many_sections_table.S
//! orders: both
//! flags: -O2
//! holds: SHN_XINDEX
// More sections than the header's 16-bit fields can count: symbols, relocations and the string
// table of section names use the extended numbers.
#include "../include/case.h"

extern const uint32_t *const many_table[66000];
extern const uint32_t last_value;
int beyond_the_last(int x);

int main(void) {
    for (uint32_t i = 0; i < 66000; i++)
        CHECK(*many_table[i] == i);
    CHECK(last_value == 65999);
    CHECK(beyond_the_last(5) == 5);
    return 0;
}
