#include "text.h"

int last_add(int x) { return x + 10; }
int last_to_middle(int x) { return middle_add(x) * 2; }
#if defined(__aarch64__) || defined(LAST_TO_FIRST)
// RISC-V's calls reach 2 KiB farther down than up.
__attribute__((aligned(8192))) int last_to_first(int x) { return first_add(x) * 2; }
#endif
#if defined(__aarch64__)
int last_far(int x) { return kernel_test_far(x) * 3; }
#endif
