//! away: 1 GiB | 3 GiB | 5 GiB
//! flags: -O2 -fPIC | -O0 -fPIC
// Functions that are chosen at load time, by a resolver that lies away from the image: one of the
// module's own, one beside the image, one that nothing reaches. (In assembly, as not every compiler
// has the attribute.)
#include "../include/case.h"

int chosen_own(int x);
int chosen_far(int x);
int chosen_back(int (*function)(int), int x);

#define CHOOSES(name, resolver)                                                                    \
    __asm__(".globl " name "\n.type " name ", %gnu_indirect_function\n.set " name ", " resolver "\n")
CHOOSES("chosen_own", "choose_own");
CHOOSES("chosen_far", "choose_far");
CHOOSES("chosen_back", "choose_back");

static int add_four(int x) { return x + 4; }
__attribute__((used)) void *choose_own(void) { return (void *)add_four; }
__attribute__((used)) void *choose_far(void) { return (void *)kernel_test_far; }
__attribute__((used)) void *choose_back(void) { return (void *)kernel_call_back; }

int (*in_data)(int) = chosen_far;
int (*const volatile in_rodata)(int) = chosen_own;

NOINLINE static int jump(int x) { return chosen_far(x + 1); }
NOINLINE static int (*in_code(void))(int) { return chosen_own; }

int main(void) {
    CHECK(chosen_own(1) == 5);
    CHECK(chosen_far(1) == 2);
    CHECK(chosen_back(add_four, 1) == 10);
    CHECK(chosen_back(chosen_own, 2) == 12);
    CHECK(jump(1) == 3);
    CHECK(OPAQUE(in_data)(5) == 6);
    CHECK(in_rodata(5) == 9);
    CHECK(in_code() == in_rodata);
    CHECK((uintptr_t)in_rodata >> 30 != 0);
    return 0;
}
