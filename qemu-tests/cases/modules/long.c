// A module with much code, at both ends of which there is a function.
#include "module.h"

MODULE(long, 1)

__attribute__((noinline, section(".text.first"))) static int first(int x) { return CALLED(x); }

__asm__(".section .text.middle, \"ax\", %progbits\n"
        ".skip 200000, 0\n"
        ".text\n");

__attribute__((section(".text.last"))) int long_value(int x) { return first(x); }
