//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! options: group_cycles
//! orders: both
//! with: ring_one.c ring_two.c order_root.c
//! expect: returned 1327
// Modules that need each other are linked as one: each calls the other, and 2 + 101 + 3 * (1 + 101 +
// 3 * 102) comes of it.
int ring_one_value(int x);

int main(void) {
    return ring_one_value(2);
}
