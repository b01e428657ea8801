//! with: locals_other.c
//! orders: both
// Local symbols of the same name in two objects are two symbols.
#include "../include/case.h"

int other_answer(void);
int *other_state(void);

static int state = 1;
NOINLINE static int answer(void) { return 41 + state; }

int main(void) {
    CHECK(answer() == 42);
    CHECK(other_answer() == 1002);
    CHECK(&state != other_state());
    *other_state() = 7;
    CHECK(OPAQUE(state) == 1);
    return 0;
}
