#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("driver");
LOADER_MODULE_VERSION(2, 0, 1);
LOADER_DEPENDS("base", 1, 5, 0, 2, 0, 0);
LOADER_INTERFACE(base_add, 0x1234);

int base_add(int a, int b);

int driver_read(int pin) {
    return base_add(pin, 40);
}
