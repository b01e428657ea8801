#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("driver");
LOADER_DEPENDS("base", 1, 6, 0, 2, 0, 0);

int base_add(int a, int b);

int driver_read(int pin) {
    return base_add(pin, 40);
}
