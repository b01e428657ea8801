// Several names for one thing: aliases, weak aliases, and names set by the assembler.
#include "../include/case.h"

int original(int x) { return x * 3; }
int alias(int x) __attribute__((alias("original")));
int weak_alias(int x) __attribute__((weak, alias("original")));
int value = 12;
extern int value_alias __attribute__((alias("value")));
int renamed(int x) __asm__("odd.name$here") NOINLINE;
int renamed(int x) { return x - 1; }

int (*table[])(int) = {original, alias, weak_alias, renamed};

int main(void) {
    CHECK(alias(2) == 6);
    CHECK(weak_alias(3) == 9);
    CHECK(OPAQUE(table[0]) == OPAQUE(table[1]) && OPAQUE(table[1]) == OPAQUE(table[2]));
    CHECK(table[3](8) == 7);
    CHECK(OPAQUE(&value) == OPAQUE(&value_alias));
    CHECK(renamed(5) == 4);
    return 0;
}
