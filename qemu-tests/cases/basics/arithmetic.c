// Integers, floats and static variables: one object on its own.
#include "../include/case.h"

static int counter = 40;
static int untouched;
double ratio = 2.5;
float scale = 0.25f;

NOINLINE static uint64_t mix(uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 29;
    return x / 1000003u + x % 97u;
}

NOINLINE static double polynomial(double x) {
    return ((x - 1.5) * x + 0.125) * x - 3.0;
}

NOINLINE static int fibonacci(int n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void) {
    CHECK(untouched == 0);
    counter += 2;
    CHECK(counter == 42);
    CHECK(mix(OPAQUE((uint64_t)12345)) == 3037848685671ull);
    CHECK(polynomial(OPAQUE((uint64_t)4) * 1.0) == 37.5);
    CHECK(ratio * scale == 0.625);
    CHECK(fibonacci(OPAQUE(20)) == 6765);
    return 0;
}
