//! manager: shared
//! flags: -O2
//! refused: place; data, bytes are free
// As much as the arena has, of which text and constants have taken some.
char zeroes[4 << 20];
int main(void) { return zeroes[1]; }
