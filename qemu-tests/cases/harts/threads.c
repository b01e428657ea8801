//! harts: second
//! thread-locals: dynamic
//! flags: -O2 -fPIC -ftls-model=global-dynamic | -O0 -fPIC
//! flags x86_64: -O2 -fPIC -mtls-dialect=gnu2
//! with: ../tls/threads_other.c
// Thread-local variables of two threads, on the second hart: the thread pointer and the blocks are
// that hart's.
#include "../tls/variables.h"

size_t kernel_hart(void);

int main(void) {
    CHECK(kernel_hart() == 1);
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
    return 0;
}
