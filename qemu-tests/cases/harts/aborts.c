//! harts: second
//! flags: -O2
//! expect: aborted
// The second hart aborts a program.
#include "../include/harts.h"

// Declared here, as the C library's headers are not a compiler's own.
__attribute__((noreturn)) void abort(void);

int main(void) {
    CHECK(kernel_hart() == 1);
    abort();
}
