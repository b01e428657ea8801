//! away: 1 GiB | 3 GiB | 5 GiB
//! flags: -O2 -fPIC | -O0 -fPIC
//! with: ../symbols/absolute_values.S
//! holds: ABSOLUTE
//! holds aarch64: R_AARCH64_ADR_GOT_PAGE
//! holds riscv64: R_RISCV_GOT_HI20
//! holds x86_64: R_X86_64_REX_GOTPCRELX
// An absolute symbol is its value, from the GOT and in data, however far away the code lies.
#include "../include/case.h"

extern const char small_value[], page_value[], wide_value[];

const char *small_pointer = small_value;
const char *wide_pointer = wide_value + 1;

NOINLINE static const char *small(void) { return small_value; }
NOINLINE static const char *page(void) { return page_value; }
NOINLINE static const char *wide(void) { return wide_value; }

int main(void) {
    CHECK((uintptr_t)small() == 42);
    CHECK((uintptr_t)page() == 0x10000);
    CHECK((uintptr_t)wide() == 0x123456789abcdef0);
    CHECK((uintptr_t)OPAQUE(small_pointer) == 42);
    CHECK((uintptr_t)OPAQUE(wide_pointer) == 0x123456789abcdef1);
    return 0;
}
