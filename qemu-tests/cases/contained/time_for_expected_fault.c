//! limit: 300
//! expect: timed out at +forever+0x
// The end of a program's time is no fault that it expects.
#include "../include/case.h"

size_t kernel_test_fault(size_t hart, int (*function)(int), int value);

NOINLINE int forever(int value) {
    for (volatile int i = value;; i++) {
    }
}

int main(void) {
    kernel_test_fault(0, forever, 0);
    return 0;
}
