// A module that needs two, of which one needs the other. It calls them in alphabetical order.
#include "module.h"

MODULE(top, 1)

int base_value(int x);
int middle_value(int x);

int top_value(int x) {
    int value = CALLED(x);
    value += 3 * base_value(x);
    return value + 3 * middle_value(x);
}
