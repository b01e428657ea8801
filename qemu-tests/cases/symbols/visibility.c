//! with: visibility_other.c
//! orders: both
//! holds: HIDDEN PROTECTED
// Hidden and protected symbols are hidden from other modules, not from the other objects of
// the same program.
#include "../include/case.h"

__attribute__((visibility("hidden"))) int hidden_function(int x);
__attribute__((visibility("hidden"))) extern int hidden_data;
extern int protected_data;
int protected_function(int x);

int main(void) {
    CHECK(hidden_function(1) == 11);
    CHECK(hidden_data == 12);
    CHECK(protected_function(3) == 33);
    CHECK(protected_data == 14);
    return 0;
}
