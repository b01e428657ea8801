//! flags: -O2 | -O0
//! output: one line
//! output:
//! output: the end of a line, written in three
// Every byte arrives, in order.
#include "../include/case.h"

int main(void) {
    SAY("one line");
    SAY("");
    kernel_write("the end", 7);
    kernel_write("", 0);
    kernel_write(" of a line, ", 12);
    SAY("written in three");
    return 0;
}
