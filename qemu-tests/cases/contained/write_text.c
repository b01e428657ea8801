//! limit: 20000
//! expect: faulted at main+0x
// A write to code.
#include "../include/case.h"

NOINLINE int code(int x) { return OPAQUE(x) + 1; }

int main(void) {
    *(volatile unsigned char *)(uintptr_t)OPAQUE(&code) = 0;
    return code(1);
}
