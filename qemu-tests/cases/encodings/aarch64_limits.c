//! arch: aarch64; one file per instruction set
//! with: aarch64_limits_code.S
//! flags: -O2
//! holds: R_AARCH64_TSTBR14 R_AARCH64_CONDBR19 R_AARCH64_LD_PREL_LO19 R_AARCH64_ADR_PREL_LO21
//! holds: R_AARCH64_ABS16 R_AARCH64_ABS32 R_AARCH64_MOVW_UABS_G0 R_AARCH64_MOVW_SABS_G0
// Values at the very ends of what fields can hold.
#include "../include/case.h"

int test_forward(int), test_backward(int), branch_forward(int), branch_backward(int);
uint64_t literal_forward(void), literal_backward(void), address_forward(void);
uint64_t move_largest(void), move_signed_largest(void), move_signed_smallest(void);
extern const char address_limit[];
extern const uint16_t half_largest, half_smallest;
extern const uint32_t word_largest, word_smallest;

int main(void) {
    CHECK(test_forward(0) == 1 && test_forward(3) == 3);
    CHECK(test_backward(0) == 1 && test_backward(5) == 5);
    CHECK(branch_forward(0) == 1 && branch_forward(3) == 3);
    CHECK(branch_backward(0) == 1 && branch_backward(5) == 5);
    CHECK(literal_forward() == 0x1122334455667788 && literal_backward() == 0x1122334455667788);
    CHECK(address_forward() == (uintptr_t)address_limit);
    CHECK(move_largest() == 65535 && move_signed_largest() == 65535);
    CHECK(move_signed_smallest() == (uint64_t)-65536);
    CHECK(half_largest == 65535 && half_smallest == 0x8000);
    CHECK(word_largest == 0xffffffff && word_smallest == 0x80000000);
    return 0;
}
