#include "shared_inline.h"

int other_next() { return next(); }
int *other_inline_variable() { return &inline_variable; }
Counter<int> *other_counter() { return &Counter<int>::instance(); }
Function other_function() { return twice<long>; }
const void *other_vtable() {
    static Animal animal;
    return *reinterpret_cast<const void **>(OPAQUE(&animal));
}
