//! options: user
//! expect: faulted at peek+0x
// The kernel's memory cannot be read.
#include "kernel.h"

NOINLINE int peek(uintptr_t address) { return *(volatile int *)address; }

int main(void) { return peek(OPAQUE(KERNEL_TEXT)) & 1; }
