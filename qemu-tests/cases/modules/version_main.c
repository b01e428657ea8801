//! flags: -O2 -ffreestanding -fno-pic | -O2 -ffreestanding -fPIC
//! with: depends_base.c
//! refused: registry; needs base >=1.6.0, <2.0.0, base 1.5.0 is loaded
// A program that needs a module in a later version than there is.
#include "../../../loader-module/include/loader_module.h"

LOADER_DEPENDS("base", 1, 6, 0, 2, 0, 0);

int main(void) {
    return 0;
}
