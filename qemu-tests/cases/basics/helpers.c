// What compilers leave to their own library (libgcc): 128-bit integers, quad-precision floats
// on AArch64 and RISC-V, bit counts.
#include "../include/case.h"

typedef unsigned __int128 wide;

NOINLINE static wide divided(wide a, wide b) { return a / b; }
NOINLINE static wide remainder_of(wide a, wide b) { return a % b; }
NOINLINE static long double product(long double a, long double b) { return a * b + 0.5L; }

int main(void) {
    wide big = (wide)OPAQUE((uint64_t)0x123456789abcdef0) << 64 | 0x0fedcba987654321;
    CHECK((uint64_t)divided(big, 1000000007) == 0x480a8f032ae874a3);
    CHECK((uint64_t)remainder_of(big, 1000000007) == 0x33f374ac);
    CHECK(__builtin_popcountll(OPAQUE((uint64_t)0xf0f0)) == 8);
    CHECK(__builtin_clzll(OPAQUE((uint64_t)1) << 40) == 23);
    long double value = product((long double)OPAQUE(3), 1.25L);
    CHECK(value == 4.25L);
    CHECK((int)(value * 4) == 17);
    CHECK((double)value == 4.25);
    return 0;
}
