//! thread-locals: dynamic
//! flags: -O2 -fPIC | -O0 -fPIC
//! away: 3 GiB
//! holds aarch64: R_AARCH64_TLSIE_ADR_GOTTPREL_PAGE21
//! holds riscv64: R_RISCV_TLS_GOT_HI20
//! holds x86_64: R_X86_64_GOTTPOFF
// Initial-exec code may use a variable of somebody's who has a static block, whatever the program's
// own block is: both at once, from a module away from the image.
#include "../include/case.h"

extern void kernel_use_thread(size_t which);
extern __thread long kernel_thread_local __attribute__((tls_model("initial-exec")));
__thread long own __attribute__((tls_model("global-dynamic"))) = 3;

NOINLINE static long *kernels(void) { __asm__ volatile("" ::: "memory"); return &kernel_thread_local; }
NOINLINE static long *owns(void) { __asm__ volatile("" ::: "memory"); return &own; }

int main(void) {
    long *first = kernels();
    *kernels() += *owns();
    CHECK(*kernels() == 44);
    kernel_use_thread(1);
    CHECK(kernels() != first);
    CHECK(*kernels() == 41);
    CHECK(*owns() == 3);
    return 0;
}
