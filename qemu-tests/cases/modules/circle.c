//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: ring_one.c ring_two.c order_root.c
//! refused: order; ring_one needs ring_two, ring_two needs ring_one, load them as a group
// Modules that need each other, of which none can be the first.
int ring_one_value(int x);

int main(void) {
    return ring_one_value(2);
}
