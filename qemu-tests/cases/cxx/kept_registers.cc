//! arch: aarch64 riscv64; functions of x86-64 keep no floating-point register
//! flags: -O2 -fexceptions | -O1 -fexceptions -ffunction-sections
// An exception restores the floating-point registers that functions keep: those of who catches it, which
// functions between have saved and used.
#include "../include/case.h"

#ifdef __aarch64__
#define SPOIL() __asm__ volatile("fmov d8, xzr\n fmov d9, xzr\n fmov d15, xzr" ::: "d8", "d9", "d15")
#else
#define SPOIL() \
    __asm__ volatile("fmv.d.x fs0, zero\n fmv.d.x fs1, zero\n fmv.d.x fs11, zero" ::: "fs0", "fs1", "fs11")
#endif

static int cleaned;

struct Guard {
    ~Guard() { cleaned++; }
};

NOINLINE static void raise(int value) {
    SPOIL();
    if (OPAQUE(value))
        throw value;
}

NOINLINE static void through(int value) {
    Guard guard;
    SPOIL();
    raise(value);
    SPOIL();
}

NOINLINE static double kept(double a, double b, int value) {
    double sum = a + b, difference = a - b;
    try {
        through(value);
    } catch (int thrown) {
        return sum * difference + thrown;
    }
    return sum * difference;
}

int main() {
    double a = OPAQUE(5.0), b = OPAQUE(3.0);
    CHECK(kept(a, b, 0) == 16 && cleaned == 1);
    CHECK(kept(a, b, 7) == 23 && cleaned == 2);
    double outer = a * 0.5;
    for (int i = 1; i < 4; i++)
        outer += kept(a, b, i);
    CHECK(outer == 56.5);
    return 0;
}
