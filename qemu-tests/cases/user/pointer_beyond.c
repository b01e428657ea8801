//! options: user
//! expect: faulted using address
// A pointer to the program's own memory, and a size that reaches far out of it, or around all addresses.
//! flags: -O2 | -O2 -DAROUND
#include "kernel.h"

int main(void) {
    char *own = kernel_sbrk(4096);
#ifdef AROUND
    kernel_write(own, OPAQUE(-(size_t)1));
#else
    kernel_write(own, OPAQUE((size_t)1 << 30));
#endif
    return 0;
}
