// What an initialiser wrote is there when `main` starts, and it may call whatever it likes.
#include "../include/case.h"

static int table[64];
static int (*chosen)(int);

NOINLINE static int next(int x) { return kernel_test_far(x); }

__attribute__((constructor)) static void fill(void) {
    for (int i = 0; i < (int)COUNT(table); i++)
        table[i] = i * i;
    chosen = next;
}

int main(void) {
    CHECK(table[OPAQUE(63)] == 3969);
    CHECK(chosen && chosen(1) == 2);
    return 0;
}
