//! options: user
//! expect: faulted at poke+0x
//! repeat: 3
// Nor written, page by page, wherever there is some.
#include "kernel.h"

NOINLINE void poke(uintptr_t address) { *(volatile char *)address = 1; }

int main(void) {
    for (uintptr_t page = 0; page < 0x2000000; page += 4096)
        poke(OPAQUE(KERNEL_TEXT) + page);
    return 0;
}
