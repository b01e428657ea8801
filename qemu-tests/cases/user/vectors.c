//! options: user
//! flags: -O1
//! repeat: 3
// Nor what other programs have had in those for floating-point numbers and vectors.
#include "kernel.h"

#define EACH "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15"

// What all of them hold, in one word; then something that the next program shall not see.
NOINLINE static uint64_t seen(void) {
    uint64_t seen;
#if defined __x86_64__
    __asm__ volatile("mov $0, %%eax\n .irp number, " EACH "\n movq %%xmm\\number, %%rdx\n or %%rdx, %%rax\n"
                     "pcmpeqd %%xmm\\number, %%xmm\\number\n .endr"
                     : "=&a"(seen)
                     :
                     : "rdx", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#elif defined __aarch64__
    __asm__ volatile("mov %0, #0\n"
                     ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, "
                     "28, 29, 30, 31\n"
                     "fmov x9, d\\number\n orr %0, %0, x9\n mov x9, v\\number\\().d[1]\n orr %0, %0, x9\n"
                     "movi v\\number\\().16b, #255\n .endr"
                     : "=&r"(seen)
                     :
                     : "x9", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
                       "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
#else
    __asm__ volatile("li %0, 0\n li t1, -1\n"
                     ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30, 31\n"
                     "fmv.x.d t0, f\\number\n or %0, %0, t0\n fmv.d.x f\\number, t1\n .endr"
                     : "=&r"(seen)
                     :
                     : "t0", "t1", "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f10", "f11", "f12",
                       "f13", "f14", "f15", "f16", "f17", "f28", "f29", "f30", "f31");
#endif
    return seen;
}

int main(void) {
    CHECK(seen() == 0);
    CHECK(seen() != 0);
    return 0;
}
