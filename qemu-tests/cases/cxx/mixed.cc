//! with: mixed_c.c
//! orders: both
// C++ calls C, and C calls C++.
#include "../include/case.h"

extern "C" int from_c(int x);
extern "C" int from_cxx(int x);

namespace deep { namespace er { template <int N> NOINLINE int plus(int x) { return x + N; } } }

extern "C" int from_cxx(int x) { return deep::er::plus<5>(x) * 2; }

int main() {
    CHECK(from_c(1) == 13);
    return 0;
}
