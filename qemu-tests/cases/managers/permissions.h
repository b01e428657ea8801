// Whether each kind of memory can be used for what it is for, and for nothing else.
#include "../include/case.h"

uintptr_t kernel_test_fault(size_t hart, int (*function)(int), int value);

static volatile int variable = 1;
static const int constant = 2;

NOINLINE static int write_to_code(int value) {
    *(volatile int *)OPAQUE((uintptr_t)write_to_code) = value;
    return 0;
}

NOINLINE static int write_to_constant(int value) {
    *(volatile int *)OPAQUE((uintptr_t)&constant) = value;
    return 0;
}

NOINLINE static int run_data(int value) {
    return ((int (*)(int))OPAQUE((uintptr_t)&variable))(value);
}

NOINLINE static int run_constant(int value) {
    return ((int (*)(int))OPAQUE((uintptr_t)&constant))(value);
}

NOINLINE static int write_to_data(int value) { return variable = value; }

int main(void) {
    CHECK(kernel_test_fault(0, write_to_data, 7) == 0 && variable == 7);
    CHECK(kernel_test_fault(0, write_to_code, 0) == (uintptr_t)write_to_code);
    CHECK(kernel_test_fault(0, write_to_constant, 0) == (uintptr_t)&constant);
    CHECK(kernel_test_fault(0, run_data, 0) == (uintptr_t)&variable);
    CHECK(kernel_test_fault(0, run_constant, 0) == (uintptr_t)&constant);
    return 0;
}
