//! archive: libx.a exported_twice.c chain_second.c
//! manager: mpu
//! harts: second
//! repeat: 2
// Members in regions of an MPU, run by the second hart.
#include "../include/case.h"

int twice(int value);
int second(int value);
static int variable = 1;

int main(void) {
    CHECK(twice(second(1)) == 22 && variable++ == 1);
    return 0;
}
