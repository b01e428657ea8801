//! options: user
//! flags: -O2
// What the kernel has had in registers is not seen by programs.
#include "kernel.h"

int main(void) {
    uint64_t seen;
#if defined __x86_64__
    __asm__ volatile("mov $4711, %%eax\n int $0x80\n mov %%rcx, %%rax\n or %%rdx, %%rax\n or %%rsi, %%rax\n"
                     "or %%rdi, %%rax\n or %%r8, %%rax\n or %%r9, %%rax\n or %%r10, %%rax\n"
                     "or %%r11, %%rax"
                     : "=&a"(seen)
                     :
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
#elif defined __aarch64__
    __asm__ volatile("mov x16, #4711\n svc #0\n orr x0, x1, x2\n orr x0, x0, x3\n orr x0, x0, x4\n"
                     "orr x0, x0, x5\n orr x0, x0, x6\n orr x0, x0, x7\n orr x0, x0, x8\n"
                     "orr x0, x0, x9\n orr x0, x0, x10\n orr x0, x0, x11\n orr x0, x0, x12\n"
                     "orr x0, x0, x13\n orr x0, x0, x14\n orr x0, x0, x15\n orr x0, x0, x16\n"
                     "orr x0, x0, x17\n orr x0, x0, x18\n mov %0, x0"
                     : "=r"(seen)
                     :
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "x18", "x30", "memory", "cc");
#else
    __asm__ volatile("li t0, 4711\n ecall\n or a0, a1, a2\n or a0, a0, a3\n or a0, a0, a4\n"
                     "or a0, a0, a5\n or a0, a0, a6\n or a0, a0, a7\n or a0, a0, t0\n or a0, a0, t1\n"
                     "or a0, a0, t2\n or a0, a0, t3\n or a0, a0, t4\n or a0, a0, t5\n or a0, a0, t6\n"
                     "mv %0, a0"
                     : "=r"(seen)
                     :
                     : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a0", "a1", "a2", "a3", "a4", "a5",
                       "a6", "a7", "memory");
#endif
    CHECK(seen == 0);
    return 0;
}
