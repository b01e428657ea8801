//! limit: 20000
//! expect: faulted at poke+0x
//! flags: -O2 | -O2 -DLAST | -O2 -DFAR
//! repeat: 3
// The page tables are nobody's to write, also not where the image is mapped once more.
#include "../include/case.h"

NOINLINE void poke(uintptr_t address) { *(volatile unsigned long *)address = 0; }

// Where the root is mapped.
static uintptr_t root(void) {
    uintptr_t root;
#if defined __x86_64__
    __asm__ volatile("mov %%cr3, %0" : "=r"(root));
    return root & ~(uintptr_t)0xfff;
#elif defined __aarch64__
    __asm__ volatile("mrs %0, ttbr0_el1" : "=r"(root));
    return root & 0xfffffffff000;
#else
    __asm__ volatile("csrr %0, satp" : "=r"(root));
    return (root << 12) - 0x80000000;
#endif
}

int main(void) {
    uintptr_t address = root();
    CHECK(*(volatile unsigned long *)address != 4711); // which can be read
#if defined LAST
    // The lowest level's.
    uintptr_t entry = *(volatile unsigned long *)address;
#if defined __aarch64__
    entry = *(volatile unsigned long *)(address + 8); // RAM
#endif
#if defined __riscv
    address = (entry >> 10 << 12) - 0x80000000;
#else
    address = entry & 0xfffffffff000;
#endif
    poke(address + 8 * 8);
#elif defined FAR
    poke(address + 0x1000000000);
#else
    poke(address + 8 * 300);
#endif
    return 0;
}
