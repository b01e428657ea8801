//! arch: riscv64; one file per instruction set
//! with: riscv64_limits_code.S
//! flags: -O2
//! holds: R_RISCV_BRANCH R_RISCV_JAL R_RISCV_RVC_BRANCH R_RISCV_RVC_JUMP R_RISCV_32 R_RISCV_HI20
// Values at the very ends of what fields can hold.
#include "../include/case.h"

int branch_forward(int), branch_backward(int), short_forward(int), short_backward(int);
int jump_forward(void), jump_backward(void), short_jump_forward(void), short_jump_backward(void);
uint64_t upper_largest(void), upper_smallest(void);
extern const uint32_t word_largest, word_smallest;

int main(void) {
    CHECK(branch_forward(0) == 1 && branch_forward(3) == 3);
    CHECK(branch_backward(0) == 1 && branch_backward(5) == 5);
    CHECK(short_forward(0) == 1 && short_forward(3) == 3);
    CHECK(short_backward(0) == 1 && short_backward(5) == 5);
    CHECK(jump_forward() == 1 && jump_backward() == 1);
    CHECK(short_jump_forward() == 1 && short_jump_backward() == 1);
    CHECK(upper_largest() == 0x7ffff7ff && upper_smallest() == (uint64_t)-0x80000000ll);
    CHECK(word_largest == 0xffffffff && word_smallest == 0x80000000);
    return 0;
}
