//! with: replaced_code.S
//! flags: -O2 | -O0 -g
// Other code at the same address, again and again, written by one hart and then by the other, while
// the second one is in the middle of a program: both must run what is there now, and must neither
// run what is there no longer, nor write what is sealed. A hart that went by what it remembers of
// instructions or of page tables would.
#include "replaced.h"

enum { NOTHING, RUN, FAULT, END };

static int (*asked)(int);
static int argument;
static long answer;
static int command = NOTHING;

// What the second hart does all the time.
static int serve(int value) {
    for (;;) {
        switch (__atomic_load_n(&command, __ATOMIC_ACQUIRE)) {
        case NOTHING:
            continue;
        case RUN:
            answer = asked(argument);
            break;
        case FAULT:
            answer = (long)kernel_test_fault(1, asked, argument);
            break;
        case END:
            return value;
        }
        __atomic_store_n(&command, NOTHING, __ATOMIC_RELEASE);
    }
}

static long second(int what, int (*function)(int), int value) {
    asked = function;
    argument = value;
    __atomic_store_n(&command, what, __ATOMIC_RELEASE);
    while (__atomic_load_n(&command, __ATOMIC_ACQUIRE) != NOTHING)
        continue;
    return answer;
}

static int replace(void) {
    char *first = NULL;
    for (int i = 0; i < 20; i++) {
        int added = i % 2 ? 200 : 100;
        place = kernel_test_allocate(code_size);
        CHECK(place != NULL && (first == NULL || place == first));
        first = place;
        CHECK((i & 2 ? second(RUN, copy_code, i % 2) : copy_code(i % 2)) == 0);
        CHECK(kernel_test_seal(place));
        CHECK(second(RUN, run_code, i) == i + added);
        CHECK(run_code(i) == i + added);
        CHECK(second(FAULT, write_code, 1) == (long)place);
        CHECK(second(FAULT, read_code, 1) == 0);
        CHECK(kernel_test_fault(0, write_code, 1) == (uintptr_t)place);
        CHECK(kernel_test_fault(0, read_code, 1) == 0);
        CHECK(second(RUN, run_code, -i) == added - i);
        kernel_test_free(place);
        CHECK(second(FAULT, run_code, 1) == (long)place);
        CHECK(kernel_test_fault(0, run_code, 1) == (uintptr_t)place);
    }
    return 0;
}

int main(void) {
    kernel_start_on_second_hart(serve, 5);
    int failed = replace();
    __atomic_store_n(&command, END, __ATOMIC_RELEASE);
    CHECK(kernel_wait_for_second_hart() == 5);
    return failed;
}
