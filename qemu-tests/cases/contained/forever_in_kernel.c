//! limit: 300
//! expect: timed out at +main+0x
// A loop that is in the kernel most of the time: it is stopped all the same, and not within the kernel.
#include "../include/case.h"

int main(void) {
    for (;;)
        kernel_clock_ns();
}
