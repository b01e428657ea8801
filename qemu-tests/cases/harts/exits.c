//! harts: second
//! flags: -O2 | -O0 -g
//! repeat: 5
//! expect: exited 7
// The second hart leaves a program from deep inside of it, again and again.
#include "../include/harts.h"

// Declared here, as the C library's headers are not a compiler's own.
__attribute__((noreturn)) void exit(int code);

NOINLINE static int deep(int level) {
    if (level == 0)
        exit(kernel_hart() == 1 ? 7 : 8);
    return deep(level - 1) + 1;
}

int main(void) { return deep(OPAQUE(20)); }
