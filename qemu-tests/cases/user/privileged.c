//! options: user
//! expect: faulted at main+0x
//! flags: -O2 | -O2 -DSECOND | -O2 -DTHIRD
// Instructions that are the kernel's: the page tables, interrupts, devices.
#include "../include/case.h"

int main(void) {
    uintptr_t value = OPAQUE((uintptr_t)0);
#if defined __x86_64__ && defined SECOND
    __asm__ volatile("cli");
#elif defined __x86_64__ && defined THIRD
    __asm__ volatile("outb %%al, $0xf4" : : "a"(value)); // ends QEMU
#elif defined __x86_64__
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
#elif defined __aarch64__ && defined SECOND
    __asm__ volatile("msr daifset, #2");
#elif defined __aarch64__ && defined THIRD
    *(volatile unsigned *)(value + 0x09000000) = 65; // the serial port
#elif defined __aarch64__
    __asm__ volatile("mrs %0, ttbr0_el1" : "=r"(value));
#elif defined SECOND
    __asm__ volatile("csrci sstatus, 2");
#elif defined THIRD
    *(volatile unsigned *)(value + 0x3800000000) = 65; // the serial port
#else
    __asm__ volatile("csrr %0, satp" : "=r"(value));
#endif
    return value == 1;
}
