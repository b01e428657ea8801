#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("base");
LOADER_MODULE_VERSION(1, 5, 0);
LOADER_INTERFACE(base_add, 0x1234);

static int started;

__attribute__((constructor)) static void start(void) {
    started = 1;
}

int base_add(int a, int b) {
    return started ? a + b : -1;
}
