//! flags: -O2 -fPIC -g -ffunction-sections
//! damage: truncate 0 => parse
//! damage: truncate 1 => parse
//! damage: truncate 4 => parse
//! damage: truncate 16 => parse
//! damage: truncate 63 => parse
//! damage: truncate 64 => parse
//! damage: truncate 65 => parse
//! damage: truncate end-1 => parse
//! damage: truncate end-64 => parse
//! damage: truncate evenly 100 => parse
// A file that ends too early: section headers come last, so every cut shows.
#include "../include/case.h"

const char *const words[] = {"a", "b"};
static int table[100] = {1};

int main(void) {
    return kernel_test_far(table[OPAQUE(0)]) + words[OPAQUE(1)][0];
}
