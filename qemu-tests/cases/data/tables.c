// Constant tables of pointers: .rodata, .data.rel.ro and what lies between.
#include "../include/case.h"

struct command {
    const char *name;
    int (*run)(int);
    const struct command *fallback;
};

static int add(int x) { return x + 10; }
static int times(int x) { return x * 10; }
int minus(int x) { return x - 10; }

static const struct command commands[] = {
    {"add", add, 0},
    {"times", times, &commands[0]},
    {"minus", minus, &commands[1]},
};
static const char *const words[] = {"alpha", "beta", "gamma", "delta", "epsilon"};
int (*const functions[])(int) = {add, times, minus, times, add};

int main(void) {
    int value = 1;
    for (int i = 0; i < OPAQUE(3); i++)
        value = commands[i].run(value);
    CHECK(value == 100);
    CHECK(commands[OPAQUE(2)].fallback->fallback->name[0] == 'a');
    int letters = 0;
    for (int i = 0; i < OPAQUE(5); i++)
        letters += words[i][0];
    CHECK(letters == 'a' + 'b' + 'g' + 'd' + 'e');
    value = 1;
    for (int i = 0; i < OPAQUE(5); i++)
        value = functions[i](value);
    CHECK(value == 1010);
    return 0;
}
