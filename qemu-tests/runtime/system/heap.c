/* Where malloc gets its memory. */
#include <errno.h>
#include <unistd.h>

#include "kernel.h"

void *sbrk(ptrdiff_t increment) {
    void *old = kernel_sbrk(increment);
    if (old == (void *)-1)
        errno = ENOMEM;
    return old;
}
