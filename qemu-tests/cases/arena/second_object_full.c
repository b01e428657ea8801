//! with: second_object_full_other.c
//! orders: both
//! flags: -O2
//! refused: place; data
// Each object fits; both together do not: what the first took is given back.
char zeroes[20 << 20];
char *other(void);
int main(void) { return zeroes[1] + other()[2]; }
