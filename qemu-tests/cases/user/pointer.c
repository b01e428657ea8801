//! options: user
//! expect: faulted at main+0x
//! output: mine
// The kernel reads for a program what that may read itself, and nothing else: not the kernel's memory, nor
// what lies beyond the end of the program's.
#include "kernel.h"

int main(void) {
    SAY("mine");
    kernel_write((const char *)OPAQUE(KERNEL_TEXT), 16);
    return 0;
}
