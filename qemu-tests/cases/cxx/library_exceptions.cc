//! compilers: gcc
//! flags: -O2 -fexceptions -frtti | -O0 -fexceptions -frtti
// The library's own exceptions, from its headers, which clang does not have for these machines.
#include <exception>
#include <new>
#include <typeinfo>

#include "../include/case.h"

struct Failure : std::exception {
    const char *what() const noexcept override { return "failure"; }
};

struct Base {
    virtual ~Base() {}
};
struct Derived : Base {};

NOINLINE static void raise(int kind) {
    switch (OPAQUE(kind)) {
    case 0: throw Failure();
    case 1: throw std::bad_exception();
    default: {
        Base base;
        (void)dynamic_cast<Derived &>(*OPAQUE(&base));
    }
    }
}

static bool equal(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static const char *caught(int kind) {
    try {
        raise(kind);
    } catch (const std::bad_cast &cast) {
        return cast.what();
    } catch (const std::exception &exception) {
        return exception.what();
    }
    return "nothing";
}

int main() {
    CHECK(equal(caught(0), "failure"));
    CHECK(equal(caught(1), "std::bad_exception"));
    CHECK(equal(caught(2), "std::bad_cast"));
    CHECK(std::uncaught_exceptions() == 0);
    // Memory that there is not.
    try {
        void *volatile block = operator new(OPAQUE((size_t)1 << 46));
        return block ? 1 : 2;
    } catch (const std::bad_alloc &) {
    }
    Derived derived;
    Base *hidden = OPAQUE((Base *)&derived);
    CHECK(typeid(*hidden) == typeid(Derived) && typeid(*hidden) != typeid(Base));
    CHECK(equal(typeid(*hidden).name(), "7Derived") && equal(typeid(int).name(), "i"));
    return 0;
}
