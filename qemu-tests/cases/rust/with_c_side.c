#include "../include/case.h"

int rust_plus_five(int value);
extern const uint8_t RUST_BYTES[4];
struct pair { uint8_t first; uint64_t second; };

int c_twice(int value) { return 2 * rust_plus_five(value); }
uint64_t c_sum(const struct pair *pair) { return pair->first + pair->second + RUST_BYTES[0]; }
int (*const c_table[])(int) = {rust_plus_five, c_twice};
