//! with: pointers_other.c
//! orders: both
// Pointers in .data and .rodata: to data, to functions, into the middle of arrays, past the end.
#include "../include/case.h"

extern int other_array[8];
extern const char other_text[];
int other_function(int x);

static int array[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static int zeroed[8];
NOINLINE static int function(int x) { return x + 1; }

static int *to_middle = &array[3];
static int *past_end = array + 8;
static int *to_bss = &zeroed[5];
int *to_other_middle = &other_array[6];
const char *to_text = &other_text[4];
const char *literal = "literal";
int (*to_function)(int) = function;
int (*to_other_function)(int) = other_function;

static int *const constant_pointer = &array[1];
int (*const constant_function)(int) = other_function;
const int *const *to_pointer = (const int *const *)&constant_pointer;
void *self = &self;

int main(void) {
    CHECK(*OPAQUE(to_middle) == 4);
    CHECK(OPAQUE(past_end) - array == 8);
    *OPAQUE(to_bss) = 9;
    CHECK(OPAQUE(zeroed[5]) == 9);
    CHECK(*OPAQUE(to_other_middle) == 70);
    CHECK(*OPAQUE(to_text) == 'f' && OPAQUE(to_text)[4] == 0);
    CHECK(OPAQUE(literal)[6] == 'l');
    CHECK(OPAQUE(to_function)(1) == 2);
    CHECK(OPAQUE(to_other_function)(1) == 1001);
    CHECK(*OPAQUE(constant_pointer) == 2);
    CHECK(OPAQUE(constant_function)(2) == 1002);
    CHECK(**OPAQUE(to_pointer) == 2);
    CHECK(OPAQUE(self) == &self);
    return 0;
}
