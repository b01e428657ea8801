int other_variable = 41;
const int other_table[4] = {1, 2, 3, 4};
static int zeroes[1000];

int *other_zeroes(void) { return zeroes; }
int other_call(int value) { return value + 101; }
