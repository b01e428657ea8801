//! limit: 20000
//! expect: faulted  at 0x0, at caller+0x
// A call of a function that is not there.
#include "../include/case.h"

NOINLINE int caller(int (*function)(void)) { return function() + 1; }

int main(void) { return caller(OPAQUE((int (*)(void))0)); }
