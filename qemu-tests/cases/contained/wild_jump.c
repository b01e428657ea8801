//! limit: 20000
//! expect: faulted  at 0x6543210, at caller+0x
// A jump to memory that nobody has mapped, or that holds no code.
#include "../include/case.h"

NOINLINE int caller(int (*function)(void)) { return function() + 1; }

int main(void) { return caller((int (*)(void))OPAQUE((uintptr_t)0x6543210)); }
