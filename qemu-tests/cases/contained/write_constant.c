//! limit: 20000
//! expect: faulted at main+0x
// A write to a constant.
#include "../include/case.h"

static const int constants[4] = {1, 2, 3, 4};

int main(void) {
    *(volatile int *)(uintptr_t)OPAQUE(&constants[2]) = 5;
    return 0;
}
