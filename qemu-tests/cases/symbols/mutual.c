//! with: mutual_other.c
//! orders: both
// Two objects that call each other and use each other's data, whichever comes first.
#include "../include/case.h"

int other_countdown(int n);
extern int other_calls;
extern const int other_table[4];

int calls = 100;
int (*const hook)(int) = other_countdown;

int countdown(int n) {
    calls++;
    return n == 0 ? 0 : other_countdown(n - 1) + 1;
}

int main(void) {
    CHECK(countdown(9) == 9);
    CHECK(calls == 105 && other_calls == 205);
    CHECK(hook(3) == 3);
    CHECK(other_table[2] == 30);
    return 0;
}
