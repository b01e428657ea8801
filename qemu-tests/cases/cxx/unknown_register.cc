//! flags: -O2 -fexceptions -frtti
//! user: no; gcc's unwinder ignores such registers
//! expect: aborted
//! output: terminate called after throwing an instance of 'int'
// A table speaks of a register that the image's unwinder lacks (of vectors, or of nothing): it goes no
// further, and nobody is found who catches the exception.
#include "../include/case.h"

NOINLINE static int raise(int value) {
    if (OPAQUE(value)) {
        __asm__ volatile(".cfi_offset 100, -16"); // here, as compilers move what throws elsewhere
        throw value;
    }
    return value;
}

int main() {
    try {
        return raise(0) + raise(1);
    } catch (int) {
        return 2;
    }
}
