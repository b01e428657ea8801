// A module with a name, which programs may need, and which is none itself.
#include "loader_module.h"

LOADER_MODULE_NAME("answer");

int answer(void) { return 42; }
