// A module between the program and the one that faults.
#include "../../../loader-module/include/loader_module.h"
#include "../include/case.h"
#include "backtrace.h"

LOADER_MODULE_NAME("middle");
LOADER_DEPENDS_FROM("inner", 0, 0, 0);

int backtrace_middle(int value) {
    char room[200];
    for (int at = 0; at < 200; at++)
        room[at] = (char)OPAQUE(value + at);
    return backtrace_inner((int *)OPAQUE((uintptr_t)8)) + room[OPAQUE(7)];
}
