//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: namespaces_driver.c
//! refused: registry; driver_read, drivers, not granted
// A program that uses what is in a namespace that nobody granted it.
int driver_read(int pin);

int main(void) {
    return driver_read(2);
}
