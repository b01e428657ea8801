//! flags x86_64: -O2 -mcmodel=small -fno-pic | -O2 -mcmodel=medium -fno-pic
//! flags x86_64: -O2 -mcmodel=large -fno-pic
//! flags aarch64: -O2 -mcmodel=small -fno-pic | -O2 -mcmodel=large -fno-pic
//! flags riscv64: -O2 -mcmodel=medlow -fno-pic | -O2 -mcmodel=medany -fno-pic
//! flags riscv64: -O2 -mcmodel=medany -fno-pic -mno-relax
//! with: pointers_other.c
// Every code model that the compilers know for these machines.
#include "../include/case.h"

extern int other_array[8];
int other_function(int x);
static char big[100000];
static const int squares[] = {0, 1, 4, 9};
double ratio = 1.5;

NOINLINE static double scaled(int x) { return x * ratio + 0.25; }

int main(void) {
    CHECK(other_array[OPAQUE(7)] == 80);
    CHECK(other_function(1) == 1001);
    CHECK(squares[OPAQUE(3)] == 9);
    big[OPAQUE(99999)] = 1;
    CHECK(big[99999] == 1 && big[0] == 0);
    CHECK(scaled(OPAQUE(2)) == 3.25);
    int (*function)(int) = OPAQUE(other_function);
    CHECK(function(2) == 1002);
    return 0;
}
