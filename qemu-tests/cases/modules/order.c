//! task: order
//! with: order_left.c order_right.c order_root.c order_late.c ring_one.c ring_two.c
//! flags: -O2 -ffreestanding | -O0 -g -ffreestanding | -O2 -fPIC -ffunction-sections -ffreestanding
// Modules that name what they need: from every order they come into one that works. Two of them need
// each other.
#include "module.h"

MODULE(leaf, 1)
LOADER_DEPENDS("left", 1, 0, 0, 2, 0, 0);
LOADER_DEPENDS("right", 1, 0, 0, 2, 0, 0);

int left_value(int x);
int right_value(int x);

int leaf_value(int x) {
    int value = CALLED(x);
    value += 3 * left_value(x);
    return value + 3 * right_value(x);
}
