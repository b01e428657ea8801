//! flags: -O2 -fPIC -ffunction-sections -fdata-sections | -O2 -g
//! with: mutated_other.c
//! entry: no_such_entry
//! damage: mutate 300 => *
// Random bytes, the same each time, in the headers, the symbols, the relocations, the names and
// anywhere else. The entry does not exist, so that what still loads is not run but refused last
// of all: the image lives, and every byte is given back.
#include "../include/case.h"

static int zeroed[20];
int shared = 4;
int *pointers[] = {&zeroed[3], &shared};
extern "C" int other(int x);
template <int N> NOINLINE int plus(int x) { return x + N + zeroed[1]; }
struct Base { virtual int value() const { return 1; } };
struct Derived : Base { int value() const override { return 2; } };
Derived derived;

NOINLINE static long interpret(int operation, long a) {
    switch (operation) {
    case 0: return a + 1;
    case 1: return a * 3;
    case 2: return kernel_test_far((int)a);
    case 3: return other((int)a);
    case 4: return -a;
    case 5: return plus<7>((int)a);
    default: return 0;
    }
}

int main() {
    return (int)interpret(OPAQUE(3), *pointers[OPAQUE(1)]) + OPAQUE((Base *)&derived)->value();
}
