//! flags: -O2 | -O2 -fno-pic | -O0 -g
// 32-bit distances instead of pointers: tables that need no fixing up, and that RISC-V writes
// as a sum and a subtraction.
#include "../include/case.h"

extern const int32_t distances[];
extern const int32_t self_distance;
extern const char strings[];

__asm__("        .section .rodata.distances, \"a\"\n"
        "        .balign 4\n"
        "        .globl distances, self_distance, strings\n"
        "distances:\n"
        "        .long first - strings, second - strings, third - strings\n"
        "self_distance:\n"
        "        .long strings - .\n"
        "strings:\n"
        "first: .asciz \"one\"\n"
        "second: .asciz \"three\"\n"
        "third: .asciz \"five\"\n"
        "        .text\n");

int main(void) {
    CHECK(distances[OPAQUE(0)] == 0);
    CHECK(strings[distances[OPAQUE(1)]] == 't');
    CHECK(strings[distances[OPAQUE(2)] + 3] == 'e');
    CHECK((const char *)&self_distance + self_distance == strings);
    return 0;
}
