//! stubs: 1
// A function that no branch reaches is called through a stub, the same one from everywhere.
#include "../include/case.h"

NOINLINE static int once(int x) { return kernel_test_far(x) * 2; }
NOINLINE static int twice(int x) { return kernel_test_far(kernel_test_far(x)); }
NOINLINE static int tail(int x) { return kernel_test_far(x + 10); }

NOINLINE static int kept_across(int a, int b, int c, int d, int e, int f) {
    double ratio = OPAQUE(3) * 0.5;
    int result = kernel_test_far(a);
    return result + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + (int)(ratio * 2);
}

int main(void) {
    CHECK(once(4) == 10);
    CHECK(twice(4) == 6);
    CHECK(tail(4) == 15);
    CHECK(kept_across(1, 2, 3, 4, 5, 6) == 95);
    int value = 0;
    for (int i = 0; i < 1000; i++)
        value = kernel_test_far(value);
    CHECK(value == 1000);
    return 0;
}
