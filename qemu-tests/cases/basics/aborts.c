//! flags: -O2
//! expect: aborted
#include "../include/case.h"

int main(void) {
    kernel_abort();
}
