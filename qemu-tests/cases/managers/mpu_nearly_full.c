//! manager: mpu
//! flags: -O2
//! repeat: 10
// Again and again a region that the arena has one place for, or two.
#include "../include/case.h"

static char zeroes[2 << 20];

int main(void) {
    for (size_t i = 0; i < sizeof(zeroes); i += 4095)
        CHECK(zeroes[OPAQUE(i)]++ == 0);
    return 0;
}
