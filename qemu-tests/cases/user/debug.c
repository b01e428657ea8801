//! options: debug user
//! flags: -O2 -g
//! expect: faulted at main+0x
//! repeat: 3
// What a debugger is shown, and the list of that, lie in the arenas and are the kernel's: whoever walks on
// from the program's own data gets no further.
#include "../include/case.h"

static volatile char own[64];

int main(void) {
    for (volatile char *at = own;; at += 64)
        *at = 0;
}
