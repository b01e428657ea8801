//! with: shared_initialiser_other.cc
//! orders: both
//! holds: COMDAT .init_array
// An initialiser of a template's static member lies in a COMDAT group, or behind a guard: it
// runs once, though both objects bring it.
#include "shared_initialiser.h"

int *other_member();

int main() {
    CHECK(made == 2);
    CHECK(&Holder<int>::member == other_member());
    CHECK(Holder<int>::member == 12);
    CHECK(inline_member == 12);
    return 0;
}

int made = 0;
