#include "../include/case.h"

int near(int x);
int other_far(int x) { return near(kernel_test_far(x)) + 1; }
