//! options: user
//! expect: returned 7
// Who goes back to the kernel from anywhere has returned.
#include "kernel.h"

NOINLINE int deep(int depth) { return depth == 0 ? (int)trap(0, 7) : deep(depth - 1) + 1; }

int main(void) { return deep(OPAQUE(5)); }
