//! options: user
//! refused: resolve; kernel_call_back
// What the kernel does for its own modules is not there: it would run their code with its rights.
#include "../include/case.h"

static int twice(int value) { return value * 2; }

int main(void) { return kernel_call_back(twice, 3); }
