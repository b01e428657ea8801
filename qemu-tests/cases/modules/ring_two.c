// The other one of two modules that need each other.
#include "module.h"

MODULE(ring_two, 1)
LOADER_DEPENDS("ring_one", 1, 0, 0, 2, 0, 0);

int ring_one_value(int x);

int ring_two_value(int x) {
    int value = CALLED(x);
    return x > 0 ? value + 3 * ring_one_value(x - 1) : value;
}
