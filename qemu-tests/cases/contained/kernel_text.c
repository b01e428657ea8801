//! limit: 20000
//! expect: faulted at poke+0x
// Nor is the kernel's code.
#include "../include/case.h"

NOINLINE void poke(uintptr_t address) { *(volatile char *)address = 0; }

int main(void) {
    poke((uintptr_t)OPAQUE(&kernel_write));
    return 0;
}
