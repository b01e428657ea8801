//! options: user
//! expect: faulted at caller+0x
// The kernel's code cannot be called.
#include "kernel.h"

NOINLINE int caller(int (*function)(void)) { return function() + 1; }

int main(void) { return caller((int (*)(void))OPAQUE(KERNEL_TEXT)); }
