#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("driver");
LOADER_INTERFACE(base_add, 0x1235);

int base_add(int a, int b);

int driver_read(int pin) {
    return base_add(pin, 40);
}
