//! thread-locals: dynamic
//! compilers: clang
//! flags: -O2 -fPIC
//! with: dynamic_registers_code.S
//! holds aarch64: R_AARCH64_TLSDESC_CALL
//! holds riscv64: R_RISCV_TLSDESC_CALL
//! holds x86_64: R_X86_64_TLSDESC_CALL
// Code that asks by descriptor expects every register but the result's to be as before, whether the
// block is there or has to be made: what the psABIs want of the image's function, and what code of
// compilers relies on. (gcc's assembler does not know RISC-V's descriptors.)
#include "../include/case.h"

extern void kernel_use_thread(size_t which);
extern size_t kernel_thread_lookups(size_t by);

__thread long asked_for = 11;

// Asks for the variable with a pattern in every register; how many have another value after, and
// where the variable is.
struct asked { size_t changed; long *variable; };
struct asked ask(void);

int main(void) {
    CHECK(ask().changed == 0);
    CHECK(kernel_thread_lookups(1) == 1);
    struct asked first = ask();
    CHECK(first.changed == 0 && *first.variable == 11);
    kernel_use_thread(1);
    struct asked second = ask();
    CHECK(second.changed == 0 && *second.variable == 11);
    CHECK(first.variable != second.variable);
    CHECK(kernel_thread_lookups(1) == 3 && kernel_thread_lookups(0) == 0);
    return 0;
}
