//! limit: 20000
//! expect: faulted stack overflow:, at deeper+0x
//! repeat: 3
// Recursion without an end: the stack's guard page stops it, and the next program finds a stack again.
#include "../include/case.h"

NOINLINE int deeper(int depth) {
    volatile char room[512];
    room[depth & 511] = 1;
    return deeper(depth + 1) + room[(depth + 1) & 511];
}

int main(void) { return deeper(OPAQUE(0)); }
