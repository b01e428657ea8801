//! stubs: 1
//! flags: -O2 | -O2 -fPIC | -O2 -fno-pic | -Os -ffunction-sections
//! holds aarch64: R_AARCH64_JUMP26
// A tail call to a far function leaves the caller's frame and return address alone.
#include "../include/case.h"

NOINLINE int direct(int x) { return kernel_test_far(x); }
NOINLINE int conditional(int x) { return x > 0 ? kernel_test_far(x) : -1; }
NOINLINE int chain(int x) { return direct(x * 2); }

int main(void) {
    CHECK(direct(1) == 2);
    CHECK(conditional(5) == 6);
    CHECK(conditional(-5) == -1);
    CHECK(chain(10) == 21);
    return 0;
}
