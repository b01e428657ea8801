//! with: weak_override_other.c
//! orders: both
//! holds: WEAK
// A strong definition wins over a weak one, also within the object that holds the weak one.
#include "../include/case.h"

__attribute__((weak)) int chosen(void) { return 1; }
__attribute__((weak)) int setting = 10;
__attribute__((weak)) int kept(void) { return 5; }

int other_chosen(void);
int other_setting(void);

int (*pointer)(void) = chosen;

int main(void) {
    CHECK(chosen() == 2);
    CHECK(setting == 20);
    CHECK(kept() == 5);
    CHECK(pointer() == 2);
    CHECK(other_chosen() == 2);
    CHECK(other_setting() == 20);
    return 0;
}
