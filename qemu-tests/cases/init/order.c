//! with: order_other.c
//! holds: .preinit_array .init_array .fini_array
//! output: preinit: this
//! output: init 101: this
//! output: init 150: other
//! output: init 150: other, second
//! output: init 1000: this
//! output: init 20000: other
//! output: init: this
//! output: init: this, second
//! output: init: other
//! output: main
//! output: fini: other
//! output: fini: this, second
//! output: fini: this
//! output: fini 20000: other
//! output: fini 1000: this
//! output: fini 101: this
// Initialisers run by priority (as a number: 1000 before 20000), then by object, then as
// written; finalisers in exactly the reverse order.
#include "../include/case.h"

static void preinit(void) { SAY("preinit: this"); }
__attribute__((used, section(".preinit_array"))) static void (*preinit_entry)(void) = preinit;

__attribute__((constructor)) static void init_a(void) { SAY("init: this"); }
__attribute__((constructor)) static void init_b(void) { SAY("init: this, second"); }
__attribute__((constructor(1000))) static void init_1000(void) { SAY("init 1000: this"); }
__attribute__((constructor(101))) static void init_101(void) { SAY("init 101: this"); }

__attribute__((destructor)) static void fini_a(void) { SAY("fini: this"); }
__attribute__((destructor)) static void fini_b(void) { SAY("fini: this, second"); }
__attribute__((destructor(1000))) static void fini_1000(void) { SAY("fini 1000: this"); }
__attribute__((destructor(101))) static void fini_101(void) { SAY("fini 101: this"); }

int main(void) {
    SAY("main");
    return 0;
}
