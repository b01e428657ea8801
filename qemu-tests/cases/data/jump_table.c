//! flags: -O2 | -O2 -fPIC | -O2 -fno-pic | -Os -ffunction-sections -fdata-sections | -O0
// A dense `switch`: a table of code addresses, absolute or relative as the model wants it.
#include "../include/case.h"

NOINLINE static long interpret(int operation, long a, long b) {
    switch (operation) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a ^ (b << 3);
    case 4: return -a;
    case 5: return a / (b + 1);
    case 6: return a % (b + 1);
    case 7: return (a << 4) | b;
    case 8: return kernel_test_far((int)a);
    case 9: return a > b ? a : b;
    default: return 1000;
    }
}

NOINLINE static int computed(const char *program) {
    static const void *const labels[] = {&&increment, &&twice, &&stop};
    int value = 1;
    goto *labels[*program++ - 'a'];
increment:
    value++;
    goto *labels[*program++ - 'a'];
twice:
    value *= 2;
    goto *labels[*program++ - 'a'];
stop:
    return value;
}

int main(void) {
    static const long expected[] = {17, 7, 60, 36, -12, 2, 0, 197, 13, 12, 1000, 1000};
    for (int i = 0; i < (int)COUNT(expected); i++)
        CHECK(interpret(OPAQUE(i), 12, 5) == expected[i]);
    CHECK(interpret(OPAQUE(-1), 12, 5) == 1000);
    CHECK(computed("abbabc") == 18);
    return 0;
}
