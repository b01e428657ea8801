//! options: user
//! expect: faulted at poke+0x
//! flags: -O2 | -O2 -DMIB=1 | -O2 -DMIB=2 | -O2 -DMIB=3 | -O2 -DMIB=4 | -O2 -DHEAP | -O2 -DJOB | -O2 -DOWN_TEXT | -O2 -DNEIGHBOUR
//! repeat: 2
// Nor written: its code, data, page tables and stacks, its heap, the files of all programs; and of what is
// the program's, not the code, nor what the arenas have behind it.
#include "kernel.h"

NOINLINE void poke(uintptr_t address) { *(volatile char *)address = 1; }

int main(void) {
    uintptr_t arenas = (uintptr_t)OPAQUE(&main) & ~(uintptr_t)0x1fffff;
#if defined MIB
    poke(OPAQUE(KERNEL_TEXT) + ((uintptr_t)MIB << 20));
#elif defined HEAP
    poke(arenas + (102 << 20) + 4096);
#elif defined JOB
    poke((OPAQUE(KERNEL_TEXT) & 0x40000000) + 0x10000000);
#elif defined OWN_TEXT
    poke((uintptr_t)OPAQUE(&poke));
#elif defined NEIGHBOUR
    poke(arenas + (12 << 20));
#else
    poke(OPAQUE(KERNEL_TEXT));
#endif
    return 0;
}
