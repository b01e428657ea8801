//! limit: 20000
//! expect: faulted at misaligned+0x
// Accesses that have to be aligned, and are not: of vectors on x86-64, exclusive ones on the others.
#include "../include/case.h"

static char words[64] __attribute__((aligned(16)));

NOINLINE void misaligned(char *place) {
#if defined __x86_64__
    __asm__ volatile("movaps (%0), %%xmm0" : : "r"(place) : "xmm0");
#elif defined __aarch64__
    uint32_t word;
    __asm__ volatile("ldxr %w0, [%1]" : "=r"(word) : "r"(place));
#else
    uint32_t word;
    __asm__ volatile("lr.w %0, (%1)" : "=r"(word) : "r"(place));
#endif
}

int main(void) {
    misaligned(OPAQUE(words + 1));
    return 0;
}
