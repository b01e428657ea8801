//! flags: -O2
//! expect: exited 9
//! output: first
// An initialiser may end the program: what comes after it does not run.
#include "../include/case.h"

__attribute__((constructor(200))) static void first(void) {
    SAY("first");
    kernel_exit(9);
}
__attribute__((constructor(300))) static void second(void) { SAY("second"); }

int main(void) {
    SAY("main");
    return 0;
}
