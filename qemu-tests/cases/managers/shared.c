//! manager: shared
//! with: program_other.c
//! orders: both
//! repeat: 3
//! output: by the C runtime
// In one arena, where text, constants and data lie beside each other, in pages of their own.
#include "program.h"

int main(void) {
    uintptr_t code = (uintptr_t)main, constants = (uintptr_t)other_table;
    uintptr_t data = (uintptr_t)&variable;
    CHECK(code >> 12 != constants >> 12 && code >> 12 != data >> 12 && constants >> 12 != data >> 12);
    CHECK(code - data + (1 << 20) < 2 << 20); // far less apart than arenas are
    return check_all();
}
