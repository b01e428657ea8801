//! flags: -O2 -fcommon
//! holds: COMMON
//! refused: place; data
// 33 MiB of tentative definitions.
char half[20 << 20];
char other_half[13 << 20];
int main(void) { return half[1] + other_half[2]; }
