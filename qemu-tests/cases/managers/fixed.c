//! manager: fixed
//! with: program_other.c
//! orders: both
//! repeat: 3
//! output: by the C runtime
// In fixed places, which begin with a page: those for data and code with the other object's
// variables or this one's.
#include "program.h"

int main(void) {
    uintptr_t code = (uintptr_t)main, other = (uintptr_t)other_call;
    uintptr_t data = (uintptr_t)&variable, other_data = (uintptr_t)&other_variable;
    CHECK(code % 4096 < 2048 || other % 4096 < 2048);
    // All of it lies in places of a few MiB.
    CHECK(code / (4 << 20) == other / (4 << 20) && data / (4 << 20) == other_data / (4 << 20));
    return check_all();
}
