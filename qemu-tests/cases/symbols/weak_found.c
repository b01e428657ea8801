//! with: weak_found_other.c
//! orders: both
//! holds: UNDEFINED-WEAK
//! output: by a weak reference
// A weak reference to what another object, or the image, defines is an ordinary reference.
#include "../include/case.h"

extern int present_function(int) __attribute__((weak));
extern int present_data __attribute__((weak));
#pragma weak kernel_write

int main(void) {
    CHECK(present_function && present_function(4) == 8);
    CHECK(&present_data && present_data == 9);
    if (kernel_write)
        SAY("by a weak reference");
    return 0;
}
