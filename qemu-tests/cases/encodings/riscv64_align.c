//! arch: riscv64; only its linkers delete padding
//! with: riscv64_align_code.S
//! flags: -O2 | -O2 -g | -O2 -mno-relax
//! orders: both
//! holds: R_RISCV_ALIGN R_RISCV_RELAX R_RISCV_ADD32 R_RISCV_SUB32 R_RISCV_BRANCH
//! holds: R_RISCV_PCREL_LO12_I
//! holds clang: R_RISCV_SET_ULEB128 R_RISCV_SUB_ULEB128
// The assembler leaves the widest padding that an alignment may need; the loader deletes what is
// too much, and moves every symbol, distance and branch behind it.
#include "../include/case.h"

int walk(int x), skip_back(int n), call_behind(int x);
int after_all(int x), value_behind(void);
extern const char walk_16[], walk_32[], walk_64[], walk_128[], walk_end[], walk_8[];
extern const char *const addresses[6];
extern const int32_t distances[6];
extern const uint8_t uleb_distances[3];


static unsigned long uleb(const uint8_t **at) {
    unsigned long value = 0;
    int shift = 0;
    uint8_t byte;
    do {
        byte = *(*at)++;
        value |= (unsigned long)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

int main(void) {
    const char *const expected[] = {walk_8, walk_16, walk_32, walk_64, walk_128, walk_end};
    CHECK((uintptr_t)walk_8 % 8 == 0 && (uintptr_t)walk_16 % 16 == 0);
    CHECK((uintptr_t)walk_32 % 32 == 0 && (uintptr_t)walk_64 % 64 == 0);
    CHECK((uintptr_t)walk_128 % 128 == 0);
    for (int i = 0; i < 6; i++)
        CHECK(addresses[i] == OPAQUE(expected[i]));
    for (int i = 0; i < 6; i++)
        CHECK(distances[i] == OPAQUE(expected[i]) - (const char *)walk);
    // Each step leaves its mark, and the padding between them does nothing.
    CHECK(walk(0) == 12345);
    CHECK(skip_back(3) == 3 * 128);
    CHECK(call_behind(4) == 1004);
    CHECK(value_behind() == 77);
    CHECK(after_all(1) == 2);
    const uint8_t *at = uleb_distances;
#ifdef __clang__ // gcc's assembler cannot write them yet
    CHECK(uleb(&at) == (unsigned long)(walk_end - walk_128));
    CHECK(uleb(&at) == (unsigned long)(walk_end - (const char *)walk));
    CHECK(uleb(&at) == 0);
#else
    CHECK(uleb(&at) == 0);
#endif
    return 0;
}
