//! options: user
//! expect: faulted at beyond+0x
//! repeat: 3
// A heap as large as was asked for, which holds nothing to begin with, and nothing behind it.
#include "../include/case.h"

NOINLINE void touch(volatile char *byte) { *byte = 1; }

NOINLINE void beyond(volatile char *byte) { *byte = 1; }

int main(void) {
    char *heap = kernel_sbrk(3 * 4096 + 5);
    for (int at = 0; at < 3 * 4096 + 5; at++) {
        CHECK(heap[at] == 0);
        touch(heap + at);
    }
    CHECK(kernel_sbrk(4096) == heap + 3 * 4096 + 5);
    touch(heap + 4 * 4096 + 4);
    CHECK(kernel_sbrk(0x7fffffffffff) == (void *)-1);
    beyond(heap + 64 * 4096);
    return 0;
}
