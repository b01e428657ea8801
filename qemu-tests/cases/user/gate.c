//! options: user
// Calls that the gate does not have come to nothing, whatever their number.
#include "kernel.h"

int main(void) {
    CHECK(trap(16, 0) == (uint64_t)-1);
    CHECK(trap(4711, 0) == (uint64_t)-1);
    CHECK(trap((uint64_t)-1, 0) == (uint64_t)-1);
    CHECK(trap((uint64_t)1 << 63, 0) == (uint64_t)-1);
    uint64_t before = kernel_clock_ns();
    CHECK(kernel_clock_ns() >= before);
    return 0;
}
