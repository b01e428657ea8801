//! manager: fixed
//! flags: -O2
//! repeat: 2
//! refused: place; data, the memory for it has only 4194304 bytes
// Text and constants have been given their places by then; they must come back.
char zeroes[(4 << 20) + 1];
int main(void) { return zeroes[1]; }
