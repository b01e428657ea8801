//! orders: both
//! with: sections_other.c
// Sections with names of their own, in either kind of order: read-only, writable and code.
#include "../include/case.h"

__attribute__((section("data_of_mine"))) int my_data = 5;
__attribute__((section("zeroes_of_mine"))) int my_zeroes[100];
__attribute__((section(".rodata.mine"))) const int my_constant = 6;
__attribute__((section("code_of_mine"), noinline)) int my_code(int x) { return x + my_data; }
__attribute__((section(".text.hot.mine"), noinline)) int hot(int x) { return x + my_constant; }
int other_code(int x);
extern int other_data;

int main(void) {
    CHECK(my_code(1) == 6);
    CHECK(hot(1) == 7);
    CHECK(my_zeroes[OPAQUE(99)] == 0);
    CHECK(other_code(1) == 12);
    CHECK(other_data == 11);
    return 0;
}
