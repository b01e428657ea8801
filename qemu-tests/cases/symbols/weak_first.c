//! with: weak_first_second.c weak_first_third.c
//! holds: WEAK
// Of several weak definitions the first object's serves all.
#include "../include/case.h"

__attribute__((weak)) int version = 1;
__attribute__((weak)) int which(void) { return 1; }
int *second_version(void);
int third_which(void);

int main(void) {
    CHECK(which() == 1);
    CHECK(version == 1);
    CHECK(second_version() == &version);
    CHECK(third_which() == 1);
    return 0;
}
