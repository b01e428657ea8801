//! arch: riscv64 x86_64; AArch64's stubs reach farther than calls
//! away: 1 GiB
//! text: long
//! flags: -O2 -fPIC -fno-asynchronous-unwind-tables -DLAST_TO_FIRST
//! with: text_filler.S text_middle.c text_filler.S text_last.c
//! refused: resolve; first_add, text_last.o, is not within
// From the end of such a text neither a call nor a stub reaches its beginning: the error names what
// is too far.
#include "text.h"

int first_add(int x) { return x + 1; }
int main(void) { return last_to_first(1); }
