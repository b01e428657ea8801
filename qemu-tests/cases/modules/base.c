// The module that others stand on.
#include "module.h"

MODULE(base, 1)

int base_value(int x) { return CALLED(x); }
