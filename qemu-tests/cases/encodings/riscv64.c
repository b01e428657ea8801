//! arch: riscv64; one file per instruction set
//! with: riscv64_code.S riscv64_values.S
//! flags: -O2 | -O2 -mno-relax
//! orders: both
//! holds: R_RISCV_64 R_RISCV_32 R_RISCV_32_PCREL R_RISCV_BRANCH R_RISCV_JAL R_RISCV_CALL_PLT
//! holds: R_RISCV_RVC_BRANCH R_RISCV_RVC_JUMP R_RISCV_HI20 R_RISCV_LO12_I R_RISCV_LO12_S
//! holds: R_RISCV_PCREL_HI20 R_RISCV_PCREL_LO12_I R_RISCV_PCREL_LO12_S R_RISCV_GOT_HI20
//! holds: R_RISCV_ADD8 R_RISCV_ADD16 R_RISCV_ADD32 R_RISCV_ADD64 R_RISCV_SUB8 R_RISCV_SUB16
//! holds: R_RISCV_SUB32 R_RISCV_SUB64 R_RISCV_SET6 R_RISCV_SUB6 R_RISCV_SET8 R_RISCV_SET16
//! holds: R_RISCV_SET32 R_RISCV_RELAX
// Each relocation type that compilers and hand-written code use, one small function each.
#include "../include/case.h"

// The low 12 bits of these are signed where they are used: past the middle the upper part must
// be one more.
__attribute__((aligned(4096))) uint8_t target_page[8192] = {
    [0x7f8] = 1, [0x800] = 2, [0x808] = 3, [0xff8] = 4, [0x1000] = 5};
uint32_t target_store, target_shared = 1;
int target_function(int x) { return x + 100; }

// In riscv64_code.S.
int absolute_loads(void), relative_loads(void);
int absolute_store(int), relative_store(int);
int shared_upper(int), low_before_high(void), high_far_away(void);
int call(int), call_link_t0(int), jump(int), jump_tail(int), branch(int), long_branch(int);
int short_branch(int), short_jump(void);
void *from_got(void);
uintptr_t far_from_got(void), got_two_lows(void);
uintptr_t address_past_middle(void);
extern const uint64_t quad_far, quad_sum;
extern const uint32_t word_address, word_sum, word_set;
extern const int32_t word_distance;
extern const uint16_t half_sum, half_set;
extern const uint8_t byte_sum, byte_set, six_bits;

int main(void) {
    CHECK(absolute_loads() == 12345);
    CHECK(relative_loads() == 12345);
    CHECK(absolute_store(7) == 7 && target_store == 7);
    CHECK(relative_store(8) == 8 && target_store == 8);
    CHECK(shared_upper(5) == 6 && target_shared == 6);
    CHECK(low_before_high() == 3 && high_far_away() == 4);
    CHECK(address_past_middle() == (uintptr_t)target_page + 0x800);
    CHECK(call(1) == 102 && call_link_t0(3) == 6 && jump(1) == 101 && jump_tail(2) == 102);
    CHECK(branch(0) == 77 && branch(5) == 5);
    CHECK(long_branch(0) == 77 && long_branch(5) == 5);
    CHECK(short_branch(0) == 77 && short_branch(6) == 6 && short_jump() == 77);
    CHECK(from_got() == (void *)target_function);
    CHECK(far_from_got() == quad_far);
    CHECK(got_two_lows() == 0);
    CHECK(word_address == (uint32_t)(uintptr_t)target_page);
    CHECK((uintptr_t)&word_distance + word_distance == (uintptr_t)target_page);
    CHECK(quad_sum == 0x1000000 + 4096 && word_sum == 0x10000 + 4096);
    CHECK(half_sum == 0x100 + 4096 && byte_sum == 3 + 16);
    CHECK(word_set == 0x12345678 && half_set == 0x5678 && byte_set == 0x78);
    // The two upper bits are not the relocation's.
    CHECK(six_bits == (0x80 | ((0x38 - 0x30) & 0x3f)));
    return 0;
}
