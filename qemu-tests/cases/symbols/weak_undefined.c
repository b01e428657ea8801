//! holds: UNDEFINED-WEAK
// A weak symbol that nobody defines has address zero, by whatever means it is reached.
#include "../include/case.h"

extern int absent_function(int) __attribute__((weak));
extern int absent_data[] __attribute__((weak));
extern int kernel_test_far_absent(void) __attribute__((weak));

int (*function_pointer)(int) = absent_function;
int *data_pointer = absent_data;
const char *const beyond = (const char *)absent_data + 24;

NOINLINE static int guarded(int x) {
    return absent_function ? absent_function(x) : x + 1;
}

NOINLINE static int (*tail(void))(int) { return absent_function; }

int main(void) {
    CHECK(guarded(41) == 42);
    CHECK(function_pointer == 0);
    CHECK(data_pointer == 0);
    CHECK((uintptr_t)OPAQUE(beyond) == 24);
    CHECK(tail() == 0);
    CHECK((uintptr_t)absent_data == 0);
    if (kernel_test_far_absent)
        return kernel_test_far_absent();
    return 0;
}
