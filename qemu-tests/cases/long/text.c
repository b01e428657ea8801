//! away: 1 GiB
//! text: long
//! flags: -O2 -fPIC -fno-asynchronous-unwind-tables
//! with: text_filler.S text_middle.c text_filler.S text_last.c
// Calls from one end of a text to the other go by stubs that lie between its sections, where they
// can; those to the middle, from both sides, go by themselves. (On RISC-V and x86-64 a stub reaches
// no farther than a call, so what is at the end cannot go back to the beginning.)
#include "text.h"

static int (*volatile far)(int) = kernel_test_far;
static int (*volatile to_first)(int) = first_add;
static int (*volatile to_middle)(int) = middle_add;
static int (*volatile to_last)(int) = last_add;

NOINLINE int first_add(int x) { return x + 1; }
NOINLINE int first_far(int x) { return kernel_test_far(x) * 2; }
NOINLINE static int call_middle(int x) { return middle_add(x) * 3; }
NOINLINE static int call_last(int x) { return last_add(x) * 3; }
NOINLINE static int jump_last(int x) { return last_add(x + 2); }

static enum call_form form(int (*function)(int), int (*target)(int)) {
    return form_of_call((const void *)function, (uintptr_t)target);
}

int main(void) {
#if defined(__aarch64__)
    const uintptr_t reach = (uintptr_t)128 << 20;
#else
    const uintptr_t reach = (uintptr_t)2 << 30;
#endif
    CHECK((uintptr_t)to_last - (uintptr_t)call_last > reach);
    CHECK((uintptr_t)to_middle - (uintptr_t)call_middle < reach);
    CHECK(form(call_last, to_last) == STUB_BY_DISTANCE);
    CHECK(form(jump_last, to_last) == STUB_BY_DISTANCE);
    CHECK(form(call_middle, to_middle) == CALL_ITSELF);
    CHECK(form(middle_to_first, to_first) == CALL_ITSELF);
    CHECK(form(middle_to_last, to_last) == CALL_ITSELF);
    CHECK(form(last_to_middle, to_middle) == CALL_ITSELF);
    CHECK(form(first_far, far) == STUB_BY_SLOT);
    CHECK(call_last(1) == 33);
    CHECK(jump_last(1) == 13);
    CHECK(call_middle(1) == 303);
    CHECK(middle_to_first(1) == 4);
    CHECK(middle_to_last(1) == 22);
    CHECK(last_to_middle(1) == 202);
    CHECK(first_far(1) == 4);
#if defined(__aarch64__)
    CHECK(form(last_to_first, to_first) == STUB_BY_DISTANCE);
    CHECK(form(last_far, far) == STUB_BY_SLOT);
    CHECK(last_to_first(1) == 4);
    CHECK(last_far(1) == 6);
#endif
    return 0;
}
