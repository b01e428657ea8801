//! flags: -O2
//! expect: exited 3
//! output: before
// `kernel_exit` leaves from any depth; nothing after it runs.
#include "../include/case.h"

NOINLINE static int deep(int depth) {
    if (depth == 0) {
        if (OPAQUE(1))
            kernel_exit(3);
        return 0;
    }
    return deep(depth - 1) + 1;
}

int main(void) {
    SAY("before");
    int depth = deep(50);
    SAY("after");
    return depth;
}
