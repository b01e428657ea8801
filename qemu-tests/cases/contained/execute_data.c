//! limit: 20000
//! expect: faulted at data+0x0, at caller+0x
// Data are not executed, although it could be: it is an instruction that returns.
#include "../include/case.h"

#ifdef __x86_64__
unsigned char data[] = {0xc3};
#elif defined __aarch64__
unsigned int data[] = {0xd65f03c0};
#else
unsigned int data[] = {0x00008067};
#endif

NOINLINE int caller(int (*function)(void)) { return function() + 1; }

int main(void) { return caller((int (*)(void))OPAQUE((uintptr_t)data)); }
