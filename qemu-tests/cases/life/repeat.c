//! with: ../symbols/common_other.c
//! flags: -O2 -fcommon | -O2 -fcommon -fPIC
//! repeat: 200
// Loaded, run and unloaded 200 times: each time it starts from fresh data, and afterwards not a
// byte of any arena is missing.
#include "../include/case.h"

int shared;
static int runs = 1;
static int zeroed[5000];
static int (*volatile far)(int) = kernel_test_far;
int *other_shared(void);

__attribute__((constructor)) static void start(void) { runs++; }

int main(void) {
    CHECK(runs++ == 2);
    CHECK(shared == 0 && other_shared() == &shared);
    shared = 9;
    for (int i = 0; i < (int)COUNT(zeroed); i++)
        CHECK(zeroed[i]++ == 0);
    CHECK(far(1) == 2);
    CHECK(kernel_test_far(2) == 3);
    return 0;
}
