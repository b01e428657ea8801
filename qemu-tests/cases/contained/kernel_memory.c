//! limit: 20000
//! expect: faulted called from module
// The kernel is handed a pointer to nowhere: the program is at fault, and nothing stays locked.
//! repeat: 3
#include "../include/case.h"

int main(void) {
    kernel_write((const char *)OPAQUE((uintptr_t)16), 10);
    return 0;
}
