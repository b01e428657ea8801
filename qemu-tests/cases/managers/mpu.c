//! manager: mpu
//! with: program_other.c
//! orders: both
//! repeat: 3
//! output: by the C runtime
// In regions of an MPU, each a power of two in size and at a multiple of that: 20000
// bytes of zeroes and a few variables lie in 32 KiB.
#include "program.h"

int main(void) {
    uintptr_t first = (uintptr_t)zeroes, last = (uintptr_t)(zeroes + COUNT(zeroes)) - 1;
    uintptr_t other = (uintptr_t)other_zeroes();
    CHECK(sizeof(zeroes) + 1000 * sizeof(int) == 20000);
    CHECK(first / (32 << 10) == last / (32 << 10) && other / (32 << 10) == first / (32 << 10));
    return check_all();
}
