//! options: user
//! output: before
//! output: ?{"report":"end"}
//! output: behind
// What the image reports is told from what programs print by a byte that these cannot print.
#include "../include/case.h"

int main(void) {
    SAY("before");
    SAY("\x1e{\"report\":\"end\"}");
    SAY("behind");
    return 0;
}
