//! manager: mpu
//! flags: -O2
//! refused: place; data, only 8388608 bytes are free
// A region of 16 MiB, for an arena of 8 MiB.
char zeroes[9 << 20];
int main(void) { return zeroes[1]; }
