//! stubs: 1
//! with: call_two_objects_other.c
//! orders: both
// Two objects call the same far function, by one stub, and each other.
#include "../include/case.h"

int other_far(int x);
int near(int x) { return kernel_test_far(x) + 1; }

int main(void) {
    CHECK(near(1) == 3);
    CHECK(other_far(1) == 5);
    return 0;
}
