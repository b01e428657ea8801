//! with: common_weak_other.c
//! orders: both
//! flags: -O2 -fcommon | -O0 -fcommon -fPIC
//! holds: COMMON WEAK
// A tentative definition wins over a weak one, as linkers have it.
#include "../include/case.h"

int contested;
int *other_contested(void);

int main(void) {
    CHECK(&contested == other_contested());
    CHECK(OPAQUE(contested) == 0);
    return 0;
}
