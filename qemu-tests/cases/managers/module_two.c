// Another one.
#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("two");

static int calls;
const char *const two_name = "two";
int two(int value) { return value + ++calls; }
