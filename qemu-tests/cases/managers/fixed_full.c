//! manager: fixed
//! flags: -O2
//! repeat: 3
// All of the place.
#include "../include/case.h"

static char zeroes[4 << 20];

int main(void) {
    for (size_t i = 0; i < sizeof(zeroes); i += 4095)
        CHECK(zeroes[OPAQUE(i)]++ == 0);
    return 0;
}
