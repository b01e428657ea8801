//! flags: -O2 -fvisibility=hidden | -O0 -fvisibility=hidden -fPIC
//! holds: HIDDEN
//! output: started
// Hidden symbols are hidden from other modules; the kernel that loads a program still finds its
// entry.
#include "../include/case.h"

int main(void) {
    SAY("started");
    return 0;
}
