//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: depends_driver.c
//! with: depends_base.c
//! orders: both
//! expect: returned 42
// Three modules, two of which say what they are called and what they need.
int driver_read(int pin);

int main(void) {
    return driver_read(2);
}
