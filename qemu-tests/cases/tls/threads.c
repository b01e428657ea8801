//! flags: -O2 -fPIC -ftls-model=global-dynamic | -O2 -fPIC -ftls-model=local-dynamic
//! flags: -O2 -fPIC -ftls-model=initial-exec | -O2 -fno-pic -ftls-model=local-exec
//! flags: -O0 -fPIC | -O0 -fno-pic
//! flags aarch64 gcc: -O2 -fPIC -mtls-dialect=trad | -O2 -fPIC -mtls-dialect=trad -ftls-model=local-dynamic
//! flags x86_64: -O2 -fPIC -mtls-dialect=gnu2 | -O2 -fPIC -fno-plt | -O2 -fPIC -ftls-model=local-dynamic -mtls-dialect=gnu2
//! flags x86_64 gcc: -O2 -fPIC -mcmodel=large
//! flags riscv64 clang: -O2 -fPIC -mtls-dialect=desc
//! with: threads_other.c
// Two threads with variables of their own: initialised, zero, aligned, with a pointer in the
// image, of another object; in every model and dialect.
#include "variables.h"

int main(void) {
    int *first = where();
    CHECK(fresh() == 0);
    change();
    CHECK(changed() == 0);
    kernel_use_thread(1);
    CHECK(where() != first);
    CHECK(fresh() == 0);
    kernel_use_thread(0);
    CHECK(where() == first);
    CHECK(changed() == 0);
    kernel_use_thread(1);
    CHECK(fresh() == 0);
    return 0;
}
