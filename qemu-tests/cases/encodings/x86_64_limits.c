//! arch: x86_64; one file per instruction set
//! with: x86_64_limits_code.S
//! flags: -O2
//! holds: R_X86_64_8 R_X86_64_16 R_X86_64_32 R_X86_64_32S R_X86_64_PC8 R_X86_64_PC16
// Values at the very ends of what fields can hold.
#include "../include/case.h"

int short_forward(int), short_backward(int);
uint64_t signed_largest(void), signed_smallest(void), unsigned_largest(void);
extern const uint8_t byte_largest, byte_smallest;
extern const uint16_t half_largest, half_smallest;
extern const int16_t half_distance;

int main(void) {
    CHECK(short_forward(0) == 1 && short_forward(3) == 3);
    CHECK(short_backward(0) == 1 && short_backward(5) == 5);
    CHECK(signed_largest() == 0x7fffffff && signed_smallest() == (uint64_t)-0x80000000ll);
    CHECK(unsigned_largest() == 0xffffffff);
    CHECK(byte_largest == 255 && byte_smallest == 128);
    CHECK(half_largest == 65535 && half_smallest == 32768);
    CHECK(half_distance == 32767);
    return 0;
}
