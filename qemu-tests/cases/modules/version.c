//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: version_driver.c
//! with: depends_base.c
//! refused: order; driver needs base >=1.6.0, <2.0.0, the candidate is base 1.5.0
// A module that needs another one in a later version than there is.
int driver_read(int pin);

int main(void) {
    return driver_read(2);
}
