//! flags: -O2 | -O0
//! args: one "two words"
// What the image hands to `main`.
#include "../include/case.h"

static int same(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    CHECK(argv[0] != 0 && argv[0][0] != 0);
    CHECK(same(argv[1], "one"));
    CHECK(same(argv[2], "two words"));
    CHECK(argv[3] == 0);
    return 0;
}
