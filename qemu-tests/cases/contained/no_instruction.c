//! limit: 20000
//! expect: faulted at main
// An instruction that is none.
#include "../include/case.h"

int main(void) {
    if (OPAQUE(1))
        __builtin_trap();
    return 0;
}
