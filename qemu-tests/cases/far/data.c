//! flags: -O2 | -O2 -fno-pic | -O0
// A far function reached through a pointer in data works in every code model. (Were they
// not volatile, the compiler would take the address from the code instead.)
#include "../include/case.h"

static int (*volatile pointer)(int) = kernel_test_far;
int (*const volatile table[])(int) = {kernel_test_far, kernel_test_far};

int main(void) {
    CHECK(pointer(1) == 2);
    CHECK(table[OPAQUE(1)](2) == 3);
    CHECK(table[0] == pointer);
    return 0;
}
