//! with: backtrace_inner.c backtrace_middle.c
//! flags: -O2 -ffreestanding -fasynchronous-unwind-tables
//! flags: -O0 -g -ffreestanding -fasynchronous-unwind-tables
//! flags: -O2 -fPIC -ffunction-sections -ffreestanding -fasynchronous-unwind-tables
//! flags: -O2 -ffreestanding -fno-omit-frame-pointer -funwind-tables
// A fault is told with the functions that led to it: across objects and modules, from functions that
// save nothing and ones that save much, and from a jump to nowhere.
#include "backtrace.h"
#include "describe.h"

// Saves registers in which something is needed afterwards.
NOINLINE int outer(int value) {
    int kept[4] = { OPAQUE(value), OPAQUE(value + 1), OPAQUE(value + 2), OPAQUE(value + 3) };
    int sum = backtrace_middle(value);
    return sum + kept[0] + kept[1] + kept[2] + kept[3];
}

NOINLINE int jump(int value) {
    int (*nowhere)(int) = (int (*)(int))OPAQUE((uintptr_t)8);
    return nowhere(value) + 1;
}

static int works(int value) { return value; }

int main(void) {
    static char text[1024];
    CHECK(kernel_test_describe(works, 1, text, sizeof text) == 0);

    CHECK(kernel_test_describe(outer, 0, text, sizeof text) > 0);
    const char *rest = behind(text, " at backtrace_inner+0x");
    rest = behind(rest, ", called from module middle at backtrace_middle+0x");
    rest = behind(rest, ", called from module ");
    rest = behind(rest, " at outer+0x");
    CHECK(rest);
    rest = behind(rest, ", called from the kernel");
    CHECK(rest && !*rest);

    CHECK(kernel_test_describe(jump, 0, text, sizeof text) > 0);
    CHECK(!behind(text, ", in module"));
    rest = behind(behind(text, ", called from module "), " at jump+0x");
    rest = behind(rest, ", called from the kernel");
    CHECK(rest && !*rest);
    return 0;
}
