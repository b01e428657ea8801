//! compilers: gcc
//! flags: -O2 | -O2 -fPIC | -O0 -fno-pic
//! arch: aarch64 x86_64; gcc for RISC-V does not know the attribute
// A function that is chosen at load time by another: called directly, through pointers, and always
// at the same address. (clang has IFUNC for systems that have it, not for bare machines.)
#include "../include/case.h"

static int one(void) { return 1; }
static int two(void) { return 2; }
static int (*choose_one(void))(void) { return one; }
static int (*choose_two(void))(void) { return two; }
int first(void) __attribute__((ifunc("choose_one")));
static int second(void) __attribute__((ifunc("choose_two")));

int (*in_data)(void) = first;
int (*const in_rodata)(void) = second;

int main(void) {
    CHECK(first() == 1);
    CHECK(second() == 2);
    CHECK(OPAQUE(in_data)() == 1);
    CHECK(OPAQUE(in_rodata)() == 2);
    CHECK(OPAQUE(in_data) == first);
    CHECK(OPAQUE(in_rodata) == second);
    return 0;
}
