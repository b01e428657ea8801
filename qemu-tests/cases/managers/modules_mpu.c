//! manager: mpu
//! with: module_one.c module_two.c
//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! refused: place; all 8 regions are in use
// Three modules of three segments each: the last segment would be the ninth region.
#include "../include/case.h"

extern const char *const one_name, *const two_name;
int one(int value), two(int value);

static int variable = 3;

int main(void) {
    CHECK(one_name[0] == 'o' && two_name[0] == 't');
    CHECK(one(1) == 2 && one(1) == 3 && two(5) == 6 && ++variable == 4);
    return 0;
}
