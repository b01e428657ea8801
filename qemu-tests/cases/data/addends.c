//! with: addends_other.c
//! orders: both
// Offsets into other objects' data: large, negative, and kept in an instruction's field.
#include "../include/case.h"

extern char other_bytes[70000];
extern uint64_t other_words[4];
extern struct { char pad[3]; char c; short s; int i; long l; double d; } other_record;

char *large = other_bytes + 66000;
char *negative = other_bytes - 1000;

int main(void) {
    CHECK(OPAQUE(large) - other_bytes == 66000);
    CHECK(other_bytes - OPAQUE(negative) == 1000);
    other_bytes[69999] = 3;
    CHECK(other_bytes[OPAQUE(69999)] == 3);
    CHECK(OPAQUE(large)[0] == 0);
    other_bytes[4095] = 1, other_bytes[4096] = 2, other_bytes[2047] = 4, other_bytes[2048] = 5;
    CHECK(other_bytes[OPAQUE(4095)] + 10 * other_bytes[OPAQUE(4096)] == 21);
    CHECK(other_bytes[OPAQUE(2047)] + 10 * other_bytes[OPAQUE(2048)] == 54);
    CHECK(other_words[3] == 0x4444444444444444);
    other_words[1] += 1;
    CHECK(other_words[OPAQUE(1)] == 0x2222222222222223);
    CHECK(other_record.c == 'c' && other_record.s == -2 && other_record.i == -3);
    CHECK(other_record.l == -4 && other_record.d == 5.5);
    return 0;
}
