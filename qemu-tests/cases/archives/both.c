//! archive: libx.a exported_twice.c chain_second.c
//! harts: both
//! repeat: 2
// On both harts at once, each with members of its own.
#include "../include/case.h"

int twice(int value);
int second(int value);
static int variable = 1;

int main(void) {
    CHECK(twice(second(1)) == 22 && variable++ == 1);
    return 0;
}
