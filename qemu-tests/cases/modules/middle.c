// A module that needs one.
#include "module.h"

MODULE(middle, 1)

int base_value(int x);

int middle_value(int x) {
    int value = CALLED(x);
    return value + 3 * base_value(x);
}
