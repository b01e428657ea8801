//! arch: aarch64; compilers for the other machines write local-dynamic code of the older dialect
//! compilers: gcc
//! thread-locals: dynamic
//! flags: -O2 -fPIC
//! holds: R_AARCH64_TLSLD_ADR_PAGE21 R_AARCH64_TLSLD_ADD_DTPREL_HI12
// AArch64's local-dynamic code of the older dialect, which no compiler writes, and clang's
// assembler does not know.
#include "../include/case.h"

extern void kernel_use_thread(size_t which);
extern size_t kernel_thread_lookups(size_t by);

__thread long before[3] = { 1, 2, 3 };
__thread long asked_for = 11;

long *ask(void);
__asm__(".globl ask\n"
        "ask: stp x29, x30, [sp, #-16]!\n"
        "adrp x0, :tlsldm:asked_for\n"
        "add x0, x0, :tlsldm_lo12_nc:asked_for\n"
        "bl __tls_get_addr\n"
        "add x0, x0, :dtprel_hi12:asked_for, lsl #12\n"
        "add x0, x0, :dtprel_lo12_nc:asked_for\n"
        "ldp x29, x30, [sp], #16\n"
        "ret\n");

int main(void) {
    long *first = ask();
    CHECK(*first == 11);
    CHECK(kernel_thread_lookups(0) == 1 && kernel_thread_lookups(1) == 0);
    *first = 12;
    kernel_use_thread(1);
    CHECK(*ask() == 11 && ask() != first);
    kernel_use_thread(0);
    CHECK(*ask() == 12 && ask() == first);
    return 0;
}
