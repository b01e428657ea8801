//! with: replaced_code.S
//! flags: -O2 | -O0 -g
// As `replaced.c`, but the second hart has nothing to do while the first replaces the code: what it
// remembers must be gone when it is given something to do again.
#include "replaced.h"

int main(void) {
    char *first = NULL;
    for (int i = 0; i < 10; i++) {
        int added = i % 2 ? 200 : 100;
        place = kernel_test_allocate(code_size);
        CHECK(place != NULL && (first == NULL || place == first));
        first = place;
        CHECK((i & 2 ? kernel_on_second_hart(copy_code, i % 2) : copy_code(i % 2)) == 0);
        CHECK(kernel_test_seal(place));
        CHECK(kernel_on_second_hart(run_code, i) == i + added);
        CHECK(run_code(i) == i + added);
        CHECK(kernel_test_fault(1, write_code, 1) == (uintptr_t)place);
        CHECK(kernel_test_fault(1, read_code, 1) == 0);
        CHECK(kernel_on_second_hart(run_code, -i) == added - i);
        kernel_test_free(place);
        CHECK(kernel_test_fault(1, run_code, 1) == (uintptr_t)place);
    }
    return 0;
}
