#include "../include/case.h"

int vfprintf(void *file, const char *format, __builtin_va_list arguments) {
    (void)file, (void)format, (void)arguments;
    kernel_exit(7);
}
