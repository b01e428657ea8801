//! flags: -O2 -fPIC | -O0 -fPIC | -O2 -fPIC -ffunction-sections -fdata-sections
//! holds aarch64: R_AARCH64_ADR_GOT_PAGE
//! holds riscv64: R_RISCV_GOT_HI20
//! holds x86_64: R_X86_64_REX_GOTPCRELX
// The address of a far function: the same from the GOT, from data and from read-only data, and
// too far for any instruction that spells it out.
#include "../include/case.h"

int (*in_data)(int) = kernel_test_far;
int (*const in_rodata)(int) = kernel_test_far;

NOINLINE static int (*in_code(void))(int) { return kernel_test_far; }
NOINLINE static int through(int (*function)(int), int x) { return function(x); }

int main(void) {
    CHECK(in_code() == OPAQUE(in_data));
    CHECK(in_code() == OPAQUE(in_rodata));
    CHECK((uintptr_t)in_code() >> 32 != 0);
    CHECK(through(in_code(), 1) == 2);
    CHECK(through(in_data, 2) == 3);
    CHECK(kernel_test_far(3) == 4);
    return 0;
}
