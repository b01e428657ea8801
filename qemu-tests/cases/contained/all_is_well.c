//! limit: 20000
//! expect: returned 7
// A program that behaves, with all of its time.
#include "../include/case.h"

static int order;

__attribute__((constructor)) static void begin(void) { order = 3; }

int main(void) {
    uint64_t start = kernel_clock_ns();
    while (kernel_clock_ns() - start < 50000000)
        ;
    return order + 4;
}
