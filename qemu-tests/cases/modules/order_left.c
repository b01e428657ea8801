// One of two modules that need the same one.
#include "module.h"

MODULE(left, 1)
LOADER_DEPENDS("root", 1, 0, 0, 2, 0, 0);

int root_value(int x);

int left_value(int x) {
    int value = CALLED(x);
    return value + 3 * root_value(x);
}
