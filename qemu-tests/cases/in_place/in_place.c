//! options: in_place
//! with: in_place_other.c
//! flags: -O2 -ffunction-sections -fdata-sections | -Os -ffunction-sections -fPIC
//! orders: both
//! repeat: 2
// Code and constants that no relocation touches stay in the objects' files: they run and are read
// there, and what calls and reads them lies in the arenas as always.
#include "../include/case.h"

// Of in_place_other.c.
extern const int other_constants[8];
extern const int *const other_table[2];
extern int other_variable;
int other_leaf(int value);
int other_caller(int value);

const int constants[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
int variable = 11;

NOINLINE int leaf(int value) { return value * 3 + 1; }
NOINLINE int caller(int value) { return other_leaf(leaf(value)) + variable++; }

// Whether an address lies in an ELF file: the file's header is not far before it.
NOINLINE static int is_in_file(const void *address) {
    uintptr_t at = (uintptr_t)address & ~(uintptr_t)63;
    for (int steps = 0; steps < 512; steps++, at -= 64) {
        const volatile unsigned char *bytes = (const unsigned char *)at;
        if (bytes[0] == 0x7f && bytes[1] == 'E' && bytes[2] == 'L' && bytes[3] == 'F') {
            return 1;
        }
    }
    return 0;
}

// Whether an address lies in an arena: those are far below the files.
NOINLINE static int is_in_arena(const void *address) {
    return (uintptr_t)address < (uintptr_t)constants - 0x1000000;
}

int main(void) {
    CHECK(is_in_file((const void *)OPAQUE((uintptr_t)leaf)));
    CHECK(is_in_file((const void *)OPAQUE((uintptr_t)other_leaf)));
    CHECK(is_in_file((const void *)OPAQUE((uintptr_t)constants)));
    CHECK(is_in_file((const void *)OPAQUE((uintptr_t)other_constants)));
    // What is relocated or written is not there.
    CHECK(is_in_arena((const void *)OPAQUE((uintptr_t)caller)));
    CHECK(is_in_arena((const void *)OPAQUE((uintptr_t)other_caller)));
    CHECK(is_in_arena((const void *)OPAQUE((uintptr_t)other_table)));
    CHECK(is_in_arena((const void *)OPAQUE((uintptr_t)&variable)));
    CHECK(leaf(OPAQUE(4)) == 13);
    CHECK(other_leaf(OPAQUE(4)) == 40);
    CHECK(caller(OPAQUE(1)) == 4 * 10 + 11 && variable == 12);
    CHECK(other_caller(OPAQUE(2)) == 7 + 100 && other_variable == 101);
    CHECK(kernel_call_back(leaf, 5) == 32);
    int sum = 0;
    for (int at = 0; at < OPAQUE(16); at++) {
        sum += constants[at];
    }
    CHECK(sum == 80);
    CHECK(other_table[OPAQUE(0)] == constants + 2 && *other_table[OPAQUE(1)] == 23);
    return 0;
}
