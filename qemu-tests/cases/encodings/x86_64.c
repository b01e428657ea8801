//! arch: x86_64; one file per instruction set
//! with: x86_64_code.S x86_64_values.S
//! flags: -O2
//! orders: both
//! holds: R_X86_64_64 R_X86_64_32 R_X86_64_32S R_X86_64_PC32 R_X86_64_PLT32 R_X86_64_PC64
//! holds: R_X86_64_8
//! holds: R_X86_64_16 R_X86_64_PC8 R_X86_64_GOTPCREL R_X86_64_GOTPCRELX R_X86_64_REX_GOTPCRELX
// Each relocation type that compilers and hand-written code use, one small function each.
#include "../include/case.h"

int target_value = 42;
int target_function(int x) { return x + 100; }

// In x86_64_code.S.
int load_abs64(void), load_abs32(void), load_abs32s(void), load_pc32(void), load_after(void);
int call_plt(int), call_pc32(int), jump_plt(int), jump_conditional(int), jump_short(int);
int *got_mov(void);
uint32_t got_mov_32(void);
int got_call(int), got_jump(int), far_got_call(int), far_got_jump(int);
uintptr_t got_add(uintptr_t), got_sub(uintptr_t), got_xor(uintptr_t), got_and(uintptr_t);
int got_compare(uintptr_t), got_test(uintptr_t), got_is_zero(void);
uintptr_t got_push(void), far_got_mov(void), far_got_add(uintptr_t), far_got_push(void);
int far_got_compare(uintptr_t);
extern const uint8_t byte_value;
extern const uint16_t short_value;
extern const uint32_t long_address;
extern const int64_t long_distance;
extern const int32_t distance, call_distance;
extern const uint64_t far_address;

int main(void) {
    uintptr_t address = (uintptr_t)&target_value;
    CHECK(load_abs64() == 42 && load_abs32() == 42 && load_abs32s() == 42);
    CHECK(load_pc32() == 42 && load_after() == 42);
    CHECK(call_plt(1) == 102 && call_pc32(1) == 103 && jump_plt(1) == 101);
    CHECK(jump_conditional(0) == 100 && jump_conditional(3) == 3);
    CHECK(jump_short(0) == 77 && jump_short(5) == 5);
    CHECK(got_mov() == &target_value);
    CHECK(got_mov_32() == (uint32_t)address);
    CHECK(got_call(1) == 102 && got_jump(1) == 101);
    CHECK(got_add(3) == address + 3 && got_sub(3) == 3 - address);
    CHECK(got_xor(5) == (address ^ 5) && got_and(0xffff) == (address & 0xffff));
    CHECK(got_compare(address) == 1 && got_compare(address + 1) == 0);
    CHECK(got_test(address) == 1 && got_test(0) == 0);
    CHECK(got_is_zero() == 0);
    CHECK(got_push() == address);
    CHECK(far_got_mov() == far_address && far_got_push() == far_address);
    CHECK(far_got_add(3) == far_address + 3);
    CHECK(far_got_compare(far_address) == 1 && far_got_compare((uint32_t)far_address) == 0);
    CHECK(far_got_call(1) == 3 && far_got_jump(1) == 2);
    CHECK(byte_value == 42 && short_value == 4242);
    CHECK(long_address == address);
    CHECK((uintptr_t)&long_distance + long_distance == address);
    CHECK((uintptr_t)&distance + distance == address + 8);
    CHECK((uintptr_t)&call_distance + call_distance == (uintptr_t)target_function);
    return 0;
}
