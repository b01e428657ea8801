// The module that others name.
#include "module.h"

MODULE(root, 1)

int root_value(int x) { return CALLED(x); }
