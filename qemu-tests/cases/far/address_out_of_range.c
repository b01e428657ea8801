//! flags: -O2 -fno-pic
//! flags riscv64: -O2 -fno-pic -mcmodel=medany
//! refused: resolve; kernel_test_far, .text
//! holds aarch64: R_AARCH64_ADR_PREL_PG_HI21
//! holds riscv64: R_RISCV_HI20 R_RISCV_PCREL_HI20
//! holds x86_64: R_X86_64_32
// Code that spells out a 32-bit address cannot name a far function: the error says which symbol
// is too far from where, and nothing is cut off in silence.
#include "../include/case.h"

NOINLINE static int through(int (*volatile function)(int), int x) { return function(x); }

int main(void) {
    return through(OPAQUE(kernel_test_far), 1);
}
