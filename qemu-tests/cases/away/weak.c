//! away: 1 GiB | 3 GiB | 5 GiB
//! flags: -O2 -fPIC | -O0 -fPIC | -O2 -fPIE
//! flags riscv64: -O2 -fno-pic -mcmodel=medany
//! with: weak_code.S
//! holds: UNDEFINED-WEAK
//! holds aarch64: R_AARCH64_ADR_PREL_PG_HI21 R_AARCH64_ADR_PREL_LO21 R_AARCH64_ADR_GOT_PAGE
//! holds riscv64: R_RISCV_PCREL_HI20 R_RISCV_GOT_HI20
//! holds x86_64: R_X86_64_PC32 R_X86_64_REX_GOTPCRELX
// A weak symbol that nobody defines is 0 for code that lies where no instruction reaches 0.
#include "../include/call_form.h"

extern int absent(int) __attribute__((weak));
extern int absent_data[] __attribute__((weak));
int (*pointer)(int) = absent;

// Its address as assembly makes it, without the GOT: with and without an addend, and in another
// form (AArch64: ADR; RISC-V: the assembler's own; x86-64: of another register).
uintptr_t absent_address(void);
uintptr_t absent_address_plus_40(void);
uintptr_t absent_address_other(void);

NOINLINE static int guarded(int x) {
    if (absent)
        return absent(x);
    return x + 1;
}

NOINLINE static const void *in_code(void) { return absent_data; }

// Whether the instruction is one that makes a value from nothing.
static int from_nothing(uintptr_t at) {
#if defined(__aarch64__)
    return (word_at(at) & 0xff800000) == 0xd2800000; // movz
#elif defined(__riscv)
    return (word_at(at) & 0x7f) == 0x37; // lui
#else
    return (word_at(at) & 0xf8fff8) == 0xc0c748; // mov $
#endif
}

int main(void) {
    uintptr_t here = (uintptr_t)absent_address;
#if defined(__aarch64__)
    int is_far = here >> 32 != 0, is_far_for_other = 1;
#else
    int is_far = here >> 31 != 0, is_far_for_other = is_far;
#endif
    CHECK(is_far || here < (uintptr_t)3 << 30);
    CHECK(from_nothing(here) == is_far);
    CHECK(from_nothing((uintptr_t)absent_address_other) == is_far_for_other);
    CHECK(absent_address() == 0);
    CHECK(absent_address_plus_40() == 40);
    CHECK(absent_address_other() == 0);
    CHECK(guarded(41) == 42);
    CHECK(OPAQUE(pointer) == 0);
    CHECK(in_code() == 0);
    return 0;
}
