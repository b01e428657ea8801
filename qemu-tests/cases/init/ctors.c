//! with: ctors_sections.S
//! holds: .ctors .dtors
//! output: init 100
//! output: ctor 150
//! output: init 200
//! output: ctor 300
//! output: ctor, written last
//! output: ctor, written second
//! output: ctor, written first
//! output: main
//! output: dtor, written first
//! output: dtor, written second
//! output: dtor 300
//! output: dtor 150
// The older lists: .ctors runs from its end to its start, .dtors forwards, and the number in
// .ctors.65385 counts down from 65535, so that this one is priority 150, between those of
// .init_array.
#include "../include/case.h"

__attribute__((constructor(200))) static void init_200(void) { SAY("init 200"); }

// 100 is the implementation's own; compilers warn about it, so the section is named by hand.
static void init_100(void) { SAY("init 100"); }
__attribute__((used, section(".init_array.00100"))) static void (*entry)(void) = init_100;

void ctor_150(void) { SAY("ctor 150"); }
void ctor_300(void) { SAY("ctor 300"); }
void ctor_a(void) { SAY("ctor, written first"); }
void ctor_b(void) { SAY("ctor, written second"); }
void ctor_c(void) { SAY("ctor, written last"); }
void dtor_150(void) { SAY("dtor 150"); }
void dtor_300(void) { SAY("dtor 300"); }
void dtor_a(void) { SAY("dtor, written first"); }
void dtor_b(void) { SAY("dtor, written second"); }

int main(void) {
    SAY("main");
    return 0;
}
