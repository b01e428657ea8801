//! harts: both
//! flags: -O2 -fPIC
//! repeat: 1
//! refused: resolve; missing_function
// Refused on both harts at the same time: nothing is left behind.
#include "../include/case.h"

int missing_function(int x);
static char big[300000];

int main(void) { return missing_function(kernel_test_far(big[5])); }
