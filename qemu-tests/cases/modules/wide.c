// A module with much writable data, all 0 at first: it looks at a part of it, and leaves it changed.
#include "module.h"

MODULE(wide, 1)

static int zeroed[400000];

int wide_value(int x) {
    int wrong = 0;
    for (int i = calls % 64; i < 400000; i += 4096)
        wrong += calls == 100 ? zeroed[i] != 0 : 0;
    for (int i = 0; i < 400000; i += 4096)
        zeroed[i] = -1;
    return CALLED(x) + wrong;
}
