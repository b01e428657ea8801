//! flags: -O2 -frtti -fexceptions | -O0 -frtti -fexceptions
// Type information: casts down and across, and a wrong cast of a reference, which throws.
#include "../include/case.h"

struct Left {
    virtual ~Left() {}
    int left = 1;
};
struct Right {
    virtual ~Right() {}
    int right = 2;
};
struct Both : Left, Right {
    int both = 3;
};
struct Shared : virtual Left {
    int shared = 4;
};

NOINLINE static Both *down(Left *left) { return dynamic_cast<Both *>(left); }
NOINLINE static Right *across(Left *left) { return dynamic_cast<Right *>(left); }

int main() {
    Both both;
    Left left;
    Shared shared;
    CHECK(down(OPAQUE((Left *)&both)) == &both);
    CHECK(down(OPAQUE(&left)) == nullptr);
    CHECK(across(OPAQUE((Left *)&both)) == &both && across(&both)->right == 2);
    CHECK(dynamic_cast<Shared *>(OPAQUE((Left *)&shared)) == &shared);
    try {
        Both &wrong = dynamic_cast<Both &>(*OPAQUE(&left));
        return wrong.both;
    } catch (...) {
    }
    return 0;
}
