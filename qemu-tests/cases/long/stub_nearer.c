//! arch: riscv64 x86_64; on AArch64, whose stubs reach farther than calls, `reach` has this form
//! far: 2062 MiB
//! flags: -O2 -fPIC | -O0 -fPIC
//! stubs: 1
//! with: stub_nearer_filler.S
// A function that the call does not reach, and the stub does: it lies 2 GiB and a little more from
// the call, and less from the end of the text, where the stub is. The image is mapped once more at
// that distance, and where its arenas begin depends on its size, in steps of 2 MiB: there are some to
// spare either way.
#define NEAR ((uintptr_t)64 << 20)
#include "../include/call_form.h"

static int (*volatile far)(int) = kernel_test_far;
extern const char filler_end[];

NOINLINE static int call(int x) { return kernel_test_far(x) * 2; }
NOINLINE static int jump(int x) { return kernel_test_far(x + 10); }

int main(void) {
    const uintptr_t reach = (uintptr_t)1 << 31;
    CHECK((uintptr_t)far - (uintptr_t)call > reach);
    CHECK((uintptr_t)far - (uintptr_t)filler_end < reach);
    CHECK(form_of_call((const void *)call, (uintptr_t)far) == STUB_BY_DISTANCE);
    CHECK(form_of_call((const void *)jump, (uintptr_t)far) == STUB_BY_DISTANCE);
    CHECK(call(4) == 10);
    CHECK(jump(4) == 15);
    return 0;
}
