static char zeroes[20 << 20];
char *other(void) { return zeroes; }
