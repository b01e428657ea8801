//! with: common_other.c
//! orders: both
//! flags: -O2 -fcommon | -O0 -fcommon | -O2 -fcommon -fPIC | -O2 -fcommon -fno-pic -fdata-sections
//! holds: COMMON
// Tentative definitions of one name are one variable: the largest size and the strictest
// alignment win, and a real definition wins over all.
#include "../include/case.h"

int shared;                                       // the same size in both
char grows[3];                                    // larger in the other
char aligned_here[24] __attribute__((aligned(256))); // stricter here
char aligned_there[24];                           // stricter in the other
int defined_there;                                // defined in the other
int alone[1000];                                  // tentative here only

int *other_shared(void);
char *other_grows(void);
char *other_aligned_here(void);
char *other_aligned_there(void);

int main(void) {
    CHECK(&shared == other_shared());
    CHECK(shared == 0);
    *other_shared() = 5;
    CHECK(OPAQUE(shared) == 5);
    CHECK(grows == other_grows());
    for (int i = 0; i < 5000; i++)
        CHECK(other_grows()[i] == 0);
    CHECK(aligned_here == other_aligned_here());
    CHECK(OPAQUE((uintptr_t)aligned_here) % 256 == 0);
    CHECK(aligned_there == other_aligned_there());
    CHECK(OPAQUE((uintptr_t)aligned_there) % 1024 == 0);
    CHECK(defined_there == 77);
    for (size_t i = 0; i < COUNT(alone); i++)
        CHECK(alone[i] == 0);
    // Nothing overlaps: fill one, and the others keep what they had.
    for (int i = 0; i < 5000; i++)
        other_grows()[i] = 'x';
    CHECK(OPAQUE(shared) == 5 && alone[0] == 0 && alone[999] == 0);
    CHECK(aligned_here[0] == 0 && aligned_there[23] == 0 && defined_there == 77);
    return 0;
}
