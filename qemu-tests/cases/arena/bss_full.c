//! flags: -O2
//! refused: place; data
// 33 MiB of zeroes, which take no room in the file.
char zeroes[33 << 20];
int main(void) { return zeroes[1]; }
