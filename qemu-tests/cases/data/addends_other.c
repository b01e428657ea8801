#include "../include/case.h"

char other_bytes[70000];
uint64_t other_words[4] = {0x1111111111111111, 0x2222222222222222, 0x3333333333333333,
                           0x4444444444444444};
struct { char pad[3]; char c; short s; int i; long l; double d; } other_record = {
    {0}, 'c', -2, -3, -4, 5.5};
