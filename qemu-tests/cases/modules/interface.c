//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: interface_driver.c
//! with: depends_base.c
//! refused: registry; base_add, 0x0000000000001234, 0x0000000000001235
// A module that was compiled for another interface of what it imports.
int driver_read(int pin);

int main(void) {
    return driver_read(2);
}
