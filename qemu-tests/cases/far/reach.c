//! far: 1 GiB | 3 GiB | 5 GiB
//! flags: -O2 | -O2 -fPIC | -O0 -fPIC | -O2 -fno-pic
//! flags riscv64: -O2 -fno-pic -mcmodel=medany | -O2 -mno-relax
//! stubs: 1
// A function beyond the reach of an AArch64 call (1 GiB), of a call of RISC-V or x86-64 (3 GiB),
// and of ADRP (5 GiB), above the module: each call goes by the shortest way that there is.
#include "../include/call_form.h"

static int (*volatile far)(int) = kernel_test_far;

NOINLINE static int call(int x) { return kernel_test_far(x) * 2; }
NOINLINE static int jump(int x) { return kernel_test_far(x + 10); }
NOINLINE static int twice(int x) { return kernel_test_far(kernel_test_far(x)); }

static enum call_form expected(uintptr_t distance) {
#if defined(__aarch64__)
    const enum call_form form[] = { STUB_BY_DISTANCE, 0, STUB_BY_DISTANCE, 0, STUB_BY_SLOT };
#else
    const enum call_form form[] = { CALL_ITSELF, 0, STUB_BY_SLOT, 0, STUB_BY_SLOT };
#endif
    return distance >> 30 < COUNT(form) ? form[distance >> 30] : CALL_NONE;
}

int main(void) {
    // The image lies a few megabytes below the module, so the distance is a little less.
    enum call_form form = expected((uintptr_t)far - (uintptr_t)call);
    CHECK(form != CALL_NONE);
    CHECK(form_of_call((const void *)call, (uintptr_t)far) == form);
    CHECK(form_of_call((const void *)jump, (uintptr_t)far) == form);
    CHECK(form_of_call((const void *)twice, (uintptr_t)far) == form);
    CHECK(call(4) == 10);
    CHECK(jump(4) == 15);
    CHECK(twice(4) == 6);
    return 0;
}
