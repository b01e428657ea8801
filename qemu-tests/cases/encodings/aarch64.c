//! arch: aarch64; one file per instruction set
//! with: aarch64_code.S aarch64_values.S
//! flags: -O2
//! orders: both
//! holds: R_AARCH64_ABS64 R_AARCH64_ABS32 R_AARCH64_ABS16 R_AARCH64_PREL64 R_AARCH64_PREL32
//! holds: R_AARCH64_PREL16 R_AARCH64_ADR_PREL_PG_HI21 R_AARCH64_ADR_PREL_PG_HI21_NC
//! holds: R_AARCH64_ADR_PREL_LO21 R_AARCH64_LD_PREL_LO19 R_AARCH64_ADD_ABS_LO12_NC
//! holds: R_AARCH64_LDST8_ABS_LO12_NC R_AARCH64_LDST16_ABS_LO12_NC R_AARCH64_LDST32_ABS_LO12_NC
//! holds: R_AARCH64_LDST64_ABS_LO12_NC R_AARCH64_LDST128_ABS_LO12_NC R_AARCH64_JUMP26
//! holds: R_AARCH64_CALL26 R_AARCH64_CONDBR19 R_AARCH64_TSTBR14 R_AARCH64_ADR_GOT_PAGE
//! holds: R_AARCH64_LD64_GOT_LO12_NC R_AARCH64_MOVW_UABS_G0_NC R_AARCH64_MOVW_UABS_G1_NC
//! holds: R_AARCH64_MOVW_UABS_G2_NC R_AARCH64_MOVW_UABS_G3 R_AARCH64_MOVW_SABS_G0
//! holds: R_AARCH64_MOVW_PREL_G1 R_AARCH64_MOVW_PREL_G0_NC
// Each relocation type that compilers and hand-written code use, one small function each.
#include "../include/case.h"

// Far enough into its page that a carry from the low 12 bits would show.
__attribute__((aligned(4096))) uint8_t target_page[8192] = {[4080] = 8, [4082] = 16, [4084] = 32,
                                                            [4088] = 64, [4096] = 128, [4104] = 1};
int target_function(int x) { return x + 100; }

// In aarch64_code.S.
uint64_t load_8(void), load_16(void), load_32(void), load_64(void), load_128(void);
uint64_t next_page(void), page_no_check(void), literal(void), address_of_literal(void);
int call(int), jump(int), conditional(int), compare_zero(int), test_bit(int);
void *from_got(void), *from_got_page(void);
uint64_t far_from_got(void), far_from_moves(void);
uint64_t moved(void), moved_negative(void), moved_small(void);
uint64_t distance_moved(void), distance_base(void);
extern const uint64_t quad_far;
extern const int64_t quad_distance;
extern const uint32_t word_address;
extern const int32_t word_distance;
extern const uint16_t half_value;
extern const int16_t half_distance;

int main(void) {
    uintptr_t page = (uintptr_t)target_page;
    CHECK(load_8() == 8 && load_16() == 16 && load_32() == 32 && load_64() == 64);
    CHECK(load_128() == 129);
    CHECK(next_page() == page + 4096 + 8 && page_no_check() == page + 4088);
    CHECK(literal() == 0x1122334455667788);
    CHECK(*(uint64_t *)address_of_literal() == 0x1122334455667788);
    CHECK(call(1) == 102 && jump(1) == 101);
    CHECK(conditional(0) == 77 && conditional(2) == 2);
    CHECK(compare_zero(0) == 77 && compare_zero(3) == 3);
    CHECK(test_bit(0x800) == 77 && test_bit(0x7ff) == 0x7ff);
    CHECK(from_got() == (void *)target_function && from_got_page() == target_page);
    CHECK(far_from_got() == quad_far && far_from_moves() == quad_far);
    CHECK(moved() == 0x123456789abcdef0);
    CHECK(moved_negative() == (uint64_t)-1000);
    CHECK(moved_small() == 1000);
    CHECK(distance_base() + distance_moved() == page);
    CHECK((uintptr_t)&quad_distance + quad_distance == page + 16);
    CHECK(word_address == page);
    CHECK((uintptr_t)&word_distance + word_distance == (uintptr_t)target_function);
    CHECK(half_value == 4242);
    CHECK((uintptr_t)&half_distance + half_distance == (uintptr_t)&quad_far);
    return 0;
}
