// A module that needs a later version than there is.
#include "module.h"

MODULE(late, 1)
LOADER_DEPENDS_FROM("root", 2, 0, 0);

int root_value(int x);

int late_value(int x) { return root_value(x); }
