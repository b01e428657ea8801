//! limit: 20000
//! expect: faulted called from module
//! repeat: 3
// A fault inside of the kernel, on the program's behalf, leaves nothing locked: what the kernel has said of
// an earlier fault goes to a place that is not there.
#include "../include/case.h"

size_t kernel_test_describe(int (*function)(int), int value, char *text, size_t size);

static int fault(int value) { return *(volatile int *)OPAQUE((uintptr_t)16) + value; }

int main(void) {
    static char text[16];
    CHECK(kernel_test_describe(fault, 0, text, sizeof text) > 0);
    kernel_test_describe(fault, 0, (char *)OPAQUE((uintptr_t)16), 9);
    return 0;
}
