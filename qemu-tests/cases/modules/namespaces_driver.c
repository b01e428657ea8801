#include "../../../loader-module/include/loader_module.h"

LOADER_MODULE_NAME("driver");
LOADER_NAMESPACE("drivers");

int driver_read(int pin) {
    return pin;
}
