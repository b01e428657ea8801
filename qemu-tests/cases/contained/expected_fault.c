//! limit: 300
//! expect: timed out at +main+0x
// A fault that the program itself expects takes nothing off its time; nor is the end of its time such a
// fault.
#include "../include/case.h"

size_t kernel_test_fault(size_t hart, int (*function)(int), int value);

static int fault(int value) { return *(volatile int *)OPAQUE((uintptr_t)16) + value; }

int main(void) {
    CHECK(kernel_test_fault(0, fault, 0) == 16);
    for (volatile int i = 0;; i++) {
    }
}
