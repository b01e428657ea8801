//! arch: x86_64; the others have no trap for it
//! limit: 20000
//! expect: faulted divide error, at divide+0x
// A division by zero.
#include "../include/case.h"

NOINLINE int divide(int a, int b) { return OPAQUE(a) / OPAQUE(b); }

int main(void) { return divide(1, 0); }
