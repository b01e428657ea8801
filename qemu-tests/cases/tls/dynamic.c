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
#include "../include/case.h"

extern void kernel_use_thread(size_t which);
// How often a variable was looked up: 0, by `__tls_get_addr`; 1, by a descriptor.
extern size_t kernel_thread_lookups(size_t by);
extern __thread long kernel_thread_local __attribute__((tls_model("global-dynamic")));

struct pair { long first, second; };

__thread int initialised = 7;
__thread long zero[600];
static __thread struct pair own = { 1, 2 };
static __thread char aligned[8] __attribute__((aligned(256)));
static int target = 5;
__thread int *pointer = &target;
extern __thread struct pair outside;
struct pair *outside_there(void);

// A compiler takes the thread for always the same within a function, and in one that it has looked
// into: each part has a function of its own, and an effect that it cannot see through.
#define PART NOINLINE static
#define OTHER_THREAD __asm__ volatile("" ::: "memory")

PART size_t lookups(void) { return kernel_thread_lookups(0) + kernel_thread_lookups(1); }
PART int *where(void) { OTHER_THREAD; return &initialised; }
PART long *kernels(void) { OTHER_THREAD; return &kernel_thread_local; }

PART int fresh(void) {
    OTHER_THREAD;
    CHECK(initialised == 7 && own.first == 1 && own.second == 2 && *pointer == 5);
    CHECK(outside.first == 10 && outside.second == 20);
    for (int at = 0; at < 600; at++)
        CHECK(zero[at] == 0);
    CHECK(aligned[7] == 0 && ((uintptr_t)OPAQUE(&aligned[0]) & 255) == 0);
    return 0;
}

PART void change(void) {
    OTHER_THREAD;
    initialised = 70;
    own.first++;
    zero[599] = 3;
    aligned[7] = 4;
    outside.second = 21;
}

PART int changed(void) {
    OTHER_THREAD;
    CHECK(initialised == 70 && own.first == 2 && zero[599] == 3 && aligned[7] == 4);
    CHECK(outside_there() == &outside && outside_there()->second == 21);
    return 0;
}

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
