//! with: absolute_values.S
//! orders: both
//! holds: ABSOLUTE
// An absolute symbol is its value, not an address that moves.
#include "../include/case.h"

extern const char small_value[], page_value[], wide_value[];

// Not constant: the compiler would put the value, which fits no 32-bit field, into the code.
const char *small_pointer = small_value;
const char *wide_pointer = wide_value + 1;

int main(void) {
    CHECK((uintptr_t)OPAQUE(small_pointer) == 42);
    CHECK((uintptr_t)OPAQUE(wide_pointer) == 0x123456789abcdef1);
    CHECK((uintptr_t)page_value == 0x10000);
    return 0;
}
