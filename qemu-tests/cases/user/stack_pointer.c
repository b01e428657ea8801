//! options: user
//! flags: -O2 | -O2 -DNULL_POINTER | -O2 -DODD
// A stack pointer that points to the kernel, to nowhere or between words is no business of the kernel's:
// it calls on its own stack.
#include "kernel.h"

int main(void) {
#if defined NULL_POINTER
    uintptr_t elsewhere = 0;
#elif defined ODD
    uintptr_t elsewhere = 0x123457;
#else
    uintptr_t elsewhere = KERNEL_TEXT + 0x10000;
#endif
    uint64_t result;
#if defined __x86_64__
    __asm__ volatile("mov %%rsp, %%rbx\n mov %1, %%rsp\n mov $4711, %%eax\n int $0x80\n mov %%rbx, %%rsp"
                     : "=&a"(result)
                     : "r"(elsewhere)
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
#elif defined __aarch64__
    __asm__ volatile("mov x19, sp\n mov sp, %1\n mov x16, #4711\n svc #0\n mov sp, x19\n mov %0, x0"
                     : "=r"(result)
                     : "r"(elsewhere)
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x30", "memory", "cc");
#else
    __asm__ volatile("mv s2, sp\n mv sp, %1\n li t0, 4711\n ecall\n mv sp, s2\n mv %0, a0"
                     : "=r"(result)
                     : "r"(elsewhere)
                     : "ra", "s2", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a0", "a1", "a2", "a3",
                       "a4", "a5", "a6", "a7", "memory");
#endif
    CHECK(result == (uint64_t)-1);
    return 0;
}
