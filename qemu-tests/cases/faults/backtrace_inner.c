// A leaf: it saves nothing. It is a module of its own, so that the way leads through two.
#include "../../../loader-module/include/loader_module.h"
#include "../include/case.h"
#include "backtrace.h"

LOADER_MODULE_NAME("inner");

int backtrace_inner(int *place) {
    *(volatile int *)place = 1;
    return *place;
}
