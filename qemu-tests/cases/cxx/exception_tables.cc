//! flags: -O2 -fexceptions -frtti | -O0 -fexceptions -frtti
//! flags: -O2 -fexceptions -fasynchronous-unwind-tables -ffunction-sections
//! holds: .eh_frame .gcc_except_table
// Code that could unwind but does not: cleanups, landing pads and their tables load and lie
// still.
#include "../include/case.h"

static int trace;

NOINLINE static int next(int x) { return kernel_test_far(x); }

struct Guard {
    int add;
    explicit Guard(int a) : add(a) {}
    ~Guard() { trace += add; }
};

NOINLINE static int risky(int (*function)(int), int x) {
    Guard outer(1);
    int result = function(x);
    Guard inner(10);
    return result + function(result);
}

int main() {
    CHECK(risky(OPAQUE(&next), 1) == 5);
    CHECK(trace == 11);
    return 0;
}
