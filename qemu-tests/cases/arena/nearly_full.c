//! flags: -O2
//! repeat: 20
// Most of an arena, again and again: what is given back can be had again in one piece.
#include "../include/case.h"

static char zeroes[24 << 20];

int main(void) {
    for (size_t i = 0; i < sizeof(zeroes); i += 65521)
        CHECK(zeroes[i]++ == 0);
    return 0;
}
