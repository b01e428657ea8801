// Structures and floats by value, many arguments, variadic functions, pointers to functions.
#include "../include/case.h"
#include <stdarg.h>

struct small { int a, b; };
struct large { long values[8]; };

NOINLINE struct small swapped(struct small s) {
    struct small result = {s.b, s.a};
    return result;
}

NOINLINE struct large doubled(struct large s) {
    for (size_t i = 0; i < COUNT(s.values); i++)
        s.values[i] *= 2;
    return s;
}

NOINLINE long many(int a, long b, char c, short d, int e, int f, int g, int h, long i, double j) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + (long)(10 * j);
}

NOINLINE double sum(int count, ...) {
    va_list list;
    double total = 0;
    va_start(list, count);
    for (int i = 0; i < count; i++)
        total += i % 2 ? va_arg(list, double) : va_arg(list, int);
    va_end(list);
    return total;
}

NOINLINE int apply(int (*function)(int), int value) { return function(value); }
static int negated(int value) { return -value; }
int halved(int value) { return value / 2; }

int main(void) {
    struct small s = {1, 2};
    s = swapped(s);
    CHECK(s.a == 2 && s.b == 1);
    struct large l = {{1, 2, 3, 4, 5, 6, 7, 8}};
    l = doubled(l);
    CHECK(l.values[0] == 2 && l.values[7] == 16);
    CHECK(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10.5) == 390);
    CHECK(sum(4, 1, 2.5, 3, 4.25) == 10.75);
    CHECK(apply(negated, 7) == -7);
    CHECK(apply(halved, 7) == 3);
    return 0;
}
