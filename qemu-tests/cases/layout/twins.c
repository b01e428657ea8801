//! with: twins_sections.S
//! orders: both
//! flags: -O2
// Sections of one name but with different flags are different sections.
#include "../include/case.h"

extern const int twin_constant;
extern int twin_variable, twin_zero;
int twin_function(void);

int main(void) {
    CHECK(twin_constant == 11 && twin_variable == 22 && twin_zero == 0);
    twin_variable = twin_zero = 33;
    CHECK(OPAQUE(twin_variable) == 33 && OPAQUE(twin_zero) == 33 && twin_constant == 11);
    CHECK(twin_function() == 44);
    return 0;
}
