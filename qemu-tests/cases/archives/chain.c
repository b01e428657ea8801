//! archive: libone.a chain_unused.c chain_second.c chain_first.c
//! archive: libtwo.a chain_third.c chain_weak.c
//! taken: libone.a(chain_first.o) for `first` of chain.o
//! taken: libtwo.a(chain_third.o) for `third` of libone.a(chain_first.o)
//! taken: libone.a(chain_second.o) for `second` of libtwo.a(chain_third.o)
//! output: first is there
//! repeat: 2
// Members need each other across archives, forth and back; an object's need that is weak takes none,
// and what nobody needs is not there: its initialiser would print, and it needs what nobody has.
#include "../include/case.h"

int first(int value);
int never(void) __attribute__((weak));

int main(void) {
    CHECK(first(1) == 1 + 1 + 10 + 100);
    CHECK(OPAQUE(never) == 0);
    return 0;
}
