//! archive: libx.a exported_kernel.c exported_twice.c
//! taken: libx.a(exported_twice.o) for `twice` of exported.o
// What the kernel exports is not taken from an archive.
#include "../include/case.h"

int twice(int value);

int main(void) {
    kernel_write("", 0);
    CHECK(kernel_clock_ns() != 7);
    CHECK(twice(4) == 8);
    return 0;
}
