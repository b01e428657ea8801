// The smallest module: there for the tasks that want one which needs nothing.
#include "module.h"

MODULE(tiny, 1)

int tiny_value(int x) { return CALLED(x); }
