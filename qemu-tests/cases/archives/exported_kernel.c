#include "../include/case.h"

void kernel_write(const char *text, size_t length) { kernel_exit((int)length + !text + 1); }
uint64_t kernel_clock_ns(void) { return 7; }
