//! thread-locals: dynamic
//! flags: -O2 -fPIC -ftls-model=global-dynamic | -O2 -fPIC -ftls-model=local-dynamic | -O0 -fPIC
//! flags aarch64 gcc: -O2 -fPIC -mtls-dialect=trad
//! flags aarch64 clang: -O2 -fPIC -ftls-model=local-dynamic -mllvm -aarch64-elf-ldtls-generation
//! flags x86_64: -O2 -fPIC -mtls-dialect=gnu2 | -O2 -fPIC -fno-plt | -O2 -fPIC -ftls-model=local-dynamic -mtls-dialect=gnu2
//! flags x86_64 gcc: -O2 -fPIC -mcmodel=large
//! flags riscv64 clang: -O2 -fPIC -mtls-dialect=desc
//! holds aarch64: R_AARCH64_TLSDESC_CALL
//! holds aarch64 gcc: R_AARCH64_TLSGD_ADR_PAGE21
//! holds aarch64 clang: R_AARCH64_TLSLD_ADD_DTPREL_HI12
//! holds riscv64: R_RISCV_TLS_GD_HI20
//! holds riscv64 clang: R_RISCV_TLSDESC_HI20
//! holds x86_64: R_X86_64_TLSGD R_X86_64_TLSLD R_X86_64_TLSDESC_CALL
//! with: threads_other.c
// Two threads whose blocks come with the first use: by `__tls_get_addr` and by descriptors, in every
// model and dialect that asks for variables so; and a variable of the kernel's, in a static block.
#include "variables.h"

// How often a variable was looked up: 0, by `__tls_get_addr`; 1, by a descriptor.
extern size_t kernel_thread_lookups(size_t by);
extern __thread long kernel_thread_local __attribute__((tls_model("global-dynamic")));

PART size_t lookups(void) { return kernel_thread_lookups(0) + kernel_thread_lookups(1); }
PART long *kernels(void) { OTHER_THREAD; return &kernel_thread_local; }

int main(void) {
    CHECK(lookups() == 0);
    int *first = where();
    CHECK(lookups() == 1);
    CHECK(fresh() == 0);
    change();
    CHECK(changed() == 0);
    CHECK(*kernels() == 41);
    *kernels() = 42;
    kernel_use_thread(1);
    CHECK(where() != first);
    CHECK(fresh() == 0);
    CHECK(*kernels() == 41);
    kernel_use_thread(0);
    CHECK(where() == first);
    CHECK(changed() == 0);
    CHECK(*kernels() == 42);
    kernel_use_thread(1);
    CHECK(fresh() == 0);
    return 0;
}
