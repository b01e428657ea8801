//! away: 1 GiB | 3 GiB | 5 GiB
//! flags: -O2 -fPIC | -O0 -fPIC | -Os -fPIC -ffunction-sections -fdata-sections | -O2 -fPIE
//! flags aarch64: -O2 -fno-pic
//! flags riscv64: -O2 -fno-pic -mcmodel=medany | -O2 -fPIC -mno-relax
//! stubs: 2
//! holds aarch64: R_AARCH64_CALL26 R_AARCH64_JUMP26
//! holds riscv64: R_RISCV_CALL_PLT
//! holds x86_64: R_X86_64_PLT32
// A module whose arenas lie beyond the reach of an AArch64 call (1 GiB), of a call of RISC-V or
// x86-64 (3 GiB), and of ADRP (5 GiB) from the image: each call goes by the shortest way that
// there is, and the image calls back.
#include "../include/call_form.h"

static int (*volatile far)(int) = kernel_test_far;
static int (*volatile back)(int (*)(int), int) = kernel_call_back;

NOINLINE static int add_three(int x) { return x + 3; }
NOINLINE static int call_far(int x) { return kernel_test_far(x) * 2; }
NOINLINE static int call_near(int x) { return kernel_call_back(add_three, x) + 1; }
NOINLINE static int jump_near(int x) { return kernel_call_back(add_three, x + 10); }
NOINLINE static int calls_too(int x) { return call_near(x) + kernel_call_back(add_three, x); }

NOINLINE static int kept_across(int a, int b, int c, int d, int e, int f) {
    double ratio = OPAQUE(3) * 0.5;
    int result = kernel_call_back(add_three, a);
    return result + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + (int)(ratio * 2);
}

static enum call_form expected(uintptr_t distance) {
#if defined(__aarch64__)
    const enum call_form form[] = { [1] = STUB_BY_DISTANCE, [3] = STUB_BY_DISTANCE, [5] = STUB_BY_SLOT };
#else
    const enum call_form form[] = { [1] = CALL_ITSELF, [3] = STUB_BY_SLOT, [5] = STUB_BY_SLOT };
#endif
    return distance >> 30 < COUNT(form) ? form[distance >> 30] : CALL_NONE;
}

int main(void) {
    uintptr_t near = (uintptr_t)back;
    enum call_form form = expected((uintptr_t)call_near - near);
    CHECK(form != CALL_NONE);
    CHECK(form_of_call((const void *)call_near, near) == form);
    CHECK(form_of_call((const void *)jump_near, near) == form);
    CHECK(form_of_call((const void *)call_far, (uintptr_t)far) == STUB_BY_SLOT);
#ifndef __x86_64__ // where a function's end is not to be seen
    CHECK(form_of_call((const void *)add_three, near) == CALL_NONE);
#endif
    CHECK(call_far(1) == 4);
    CHECK(call_near(1) == 9);
    CHECK(jump_near(1) == 28);
    CHECK(kernel_call_back(call_far, 2) == 12);
    CHECK(kernel_call_back(calls_too, 1) == 34);
    CHECK(kept_across(1, 2, 3, 4, 5, 6) == 101);
    return 0;
}
