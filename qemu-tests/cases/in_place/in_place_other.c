#include "../include/case.h"

extern const int constants[16];
int leaf(int value);

const int other_constants[8] = {2, 3, 5, 7, 11, 13, 17, 23};
const int *const other_table[2] = {constants + 2, other_constants + 7};
int other_variable = 100;

NOINLINE int other_leaf(int value) { return value * 10; }
NOINLINE int other_caller(int value) { return leaf(value) + other_variable++; }
