//! options: debug
//! flags: -O0 -g -ffreestanding -fasynchronous-unwind-tables
//! flags: -O1 -gdwarf-4 -ffunction-sections -ffreestanding -fasynchronous-unwind-tables
//! flags: -O1 -gdwarf-5 -gz=zlib -fPIC -ffreestanding -fasynchronous-unwind-tables
// Where debug information is shown to a debugger, a fault is told with the lines that led to it.
#include "describe.h"

static int *volatile place = (int *)8;

NOINLINE static int store(int value) {
    *place = value; // line 11
    return value;
}

NOINLINE int outer(int value) {
    int stored = store(value); // line 16
    return OPAQUE(stored) + 1;
}

int main(void) {
    static char text[1024];
    CHECK(kernel_test_describe(outer, 0, text, sizeof text) > 0);
    const char *rest = behind(text, " at store+0x");
    rest = behind(rest, "lines.c:11), called from module ");
    rest = behind(rest, " at outer+0x");
    rest = behind(rest, "lines.c:16), called from the kernel");
    CHECK(rest && !*rest);
    return 0;
}
