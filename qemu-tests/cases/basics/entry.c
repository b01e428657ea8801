//! flags: -O2
//! entry: begin
//! expect: returned 7
// The entry may have any name; a `main` beside it is a function like any other.
#include "../include/case.h"

NOINLINE int main(void) { return 6; }
int begin(void) { return main() + 1; }
