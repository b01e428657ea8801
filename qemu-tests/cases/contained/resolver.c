//! compilers: gcc
//! limit: 300
//! expect: timed out at +choose+0x
// The resolver of an IFUNC that does not return: it runs within the program's limit. (clang takes
// the attribute for systems alone that have IFUNCs.)
#include "../include/case.h"

static int chosen(void) { return 0; }

static int (*choose(void))(void) {
    for (volatile int i = 0;; i++) {
        if (i < 0)
            return chosen;
    }
}

int function(void) __attribute__((ifunc("choose")));

int main(void) { return function(); }
