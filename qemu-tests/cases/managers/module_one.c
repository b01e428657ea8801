// A module of its own, with code, constants and data.
#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("one");

static int calls;
const char *const one_name = "one";
int one(int value) { return value + ++calls; }
