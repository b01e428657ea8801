//! flags: -O2
//! repeat: 3
//! output: start
//! output: main
//! output: end
// Initialisers and finalisers run each time.
#include "../include/case.h"

__attribute__((constructor)) static void start(void) { SAY("start"); }
__attribute__((destructor)) static void end(void) { SAY("end"); }

int main(void) {
    SAY("main");
    return 0;
}
