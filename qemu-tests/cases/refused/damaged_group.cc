//! flags: -O2
//! holds: COMDAT
//! damage: word .group 0 = 0xff => any
//! damage: word .group 1 = 0 => any
//! damage: word .group 1 = 9999 => parse; .group
//! damage: word .group 1 = 0xffffffff => parse; .group
//! damage: section .group sh_info = 9999 => parse; .group
//! damage: section .group sh_info = 0xffffffff => parse; .group
//! damage: section .group sh_link = 0 => parse; .group
//! damage: section .group sh_link = 9999 => parse; .group
//! damage: section .group sh_size = 3 => parse; .group
//! damage: section .group sh_size = 0 => parse; .group
//! damage: section .group sh_entsize = 3 => any
// Groups that lie: about their members, their signature, their size.
#include "../include/case.h"

NOINLINE inline int next() {
    static int last = 0;
    return ++last;
}

int main() {
    CHECK(next() == 1);
    CHECK(next() == 2);
    return 0;
}
