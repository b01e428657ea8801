//! manager: fixed
//! flags: -O2
//! damage: section .bss sh_addralign = 0x10000000 => place; data, the memory for it is not aligned to 268435456
// More alignment than the place has.
char zeroes[16];
int main(void) { return zeroes[1]; }
