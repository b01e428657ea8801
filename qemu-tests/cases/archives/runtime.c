//! archive: libsay.a runtime_say.c runtime_vfprintf.c
//! taken: libsay.a(runtime_say.o) for `say` of runtime.o
//! output: said 5 times
// A member needs the C runtime. What that has come to export, for itself, is not taken from an
// archive.
#include "../include/case.h"

void say(int times);
int vfprintf(void *file, const char *format, __builtin_va_list arguments);

int main(void) {
    CHECK(OPAQUE(vfprintf) != 0);
    say(5);
    return 0;
}
