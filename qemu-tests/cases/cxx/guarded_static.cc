//! output: before
//! output: made
//! output: after
//! output: gone
// A static local variable is made when first needed, once, and destroyed at the end.
#include "../include/case.h"

struct Late {
    int uses = 0;
    Late() { SAY("made"); }
    ~Late() { SAY("gone"); }
};

NOINLINE static Late &late() {
    static Late instance;
    instance.uses++;
    return instance;
}

int main() {
    SAY("before");
    late();
    late();
    SAY("after");
    CHECK(late().uses == 3);
    return 0;
}
