//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: depends_driver.c
//! refused: order; driver needs base, neither loaded nor a candidate
// A module without the one that it needs.
int driver_read(int pin);

int main(void) {
    return driver_read(2);
}
