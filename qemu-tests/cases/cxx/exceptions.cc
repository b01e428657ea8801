//! flags: -O2 -fexceptions -frtti | -O0 -fexceptions -frtti
//! flags: -O2 -fexceptions -frtti -ffunction-sections -fdata-sections -fPIC
//! holds: .eh_frame .gcc_except_table
// Exceptions: thrown through functions that clean up, caught by type, thrown again; and those that
// nobody in the module catches, by the kernel that has called it, where it asks for that.
#include "../include/case.h"

extern "C" uint64_t kernel_test_catch(int (*function)(int), int value);

static int trace;

struct Guard {
    int add;
    explicit Guard(int a) : add(a) {}
    ~Guard() { trace = trace * 10 + add; }
};

struct Base {
    virtual ~Base() {}
    virtual int code() const { return 1; }
};

struct Derived : Base {
    int value;
    explicit Derived(int v) : value(v) {}
    int code() const override { return value; }
};

NOINLINE static int raise(int kind) {
    Guard guard(1);
    switch (OPAQUE(kind)) {
    case 0: return 7;
    case 1: throw 42;
    case 2: throw Derived(5);
    default: throw "text";
    }
}

NOINLINE static int through(int kind) {
    Guard guard(2);
    return raise(kind) + 1;
}

NOINLINE static int catching(int kind) {
    Guard guard(3);
    try {
        return through(kind);
    } catch (int value) {
        return value;
    } catch (const Base &base) {
        return base.code();
    }
}

// Something caught and thrown again, another one thrown while the first is handled.
NOINLINE static int again(int kind) {
    try {
        try {
            return through(kind);
        } catch (...) {
            throw;
        }
    } catch (int value) {
        try {
            throw Derived(value + 1);
        } catch (Base &base) {
            return base.code();
        }
    }
}

static int in_callback(int kind) { return catching(kind); }

static int calls(int kind) {
    Guard guard(4);
    return through(kind);
}

// "GNUCC++" and a zero, whoever has compiled it: the library decides, which is gcc's.
static const uint64_t CXX_CLASS = 0x474e5543432b2b00;

int main() {
    CHECK(catching(0) == 8 && trace == 123);
    trace = 0;
    CHECK(catching(1) == 42 && trace == 123);
    CHECK(catching(2) == 5);
    trace = 0;
    CHECK(again(1) == 43 && trace == 12);
    CHECK(kernel_call_back(OPAQUE(&in_callback), 2) == 10);
    // Through a function that the kernel calls, and no further: everything has cleaned up.
    trace = 0;
    CHECK(kernel_test_catch(calls, 0) == 0 && trace == 124);
    trace = 0;
    CHECK(kernel_test_catch(calls, 1) == CXX_CLASS && trace == 124);
    CHECK(kernel_test_catch(calls, 4) == CXX_CLASS);
    for (int i = 0; i < 200; i++)
        CHECK(kernel_test_catch(calls, 2) == CXX_CLASS);
    CHECK(catching(2) == 5); // and nothing was left behind
    return 0;
}
