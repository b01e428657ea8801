//! with: shared_inline_other.cc
//! orders: both
//! holds: COMDAT
// Two objects with the same inline functions, templates and variables share one of each.
#include "shared_inline.h"

int other_next();
int *other_inline_variable();
Counter<int> *other_counter();
Function other_function();
const void *other_vtable();

int main() {
    CHECK(next() == 1);
    CHECK(other_next() == 2);
    CHECK(next() == 3);
    CHECK(&inline_variable == other_inline_variable());
    CHECK(Counter<int>::count == 10);
    CHECK(&Counter<int>::instance() == other_counter());
    CHECK(Counter<int>::count == 100);
    CHECK(Counter<int>::instance().value == 7);
    CHECK(static_cast<Function>(&twice<long>) == other_function());
    Animal animal;
    CHECK(*reinterpret_cast<const void **>(&animal) == other_vtable());
    return 0;
}
