/* Reading as programs built with _FORTIFY_SOURCE call it. */
#include <stdio.h>
#include <unistd.h>

_Noreturn void __chk_fail(void);

char *__fgets_chk(char *buffer, size_t size, int count, FILE *stream) {
    if (count > 0 && (size_t)count > size)
        __chk_fail();
    return fgets(buffer, count, stream);
}

size_t __fread_chk(void *buffer, size_t size, size_t unit, size_t count, FILE *stream) {
    size_t wanted;
    if (__builtin_mul_overflow(unit, count, &wanted) || wanted > size)
        __chk_fail();
    return fread(buffer, unit, count, stream);
}

ssize_t __read_chk(int fd, void *buffer, size_t count, size_t size) {
    if (count > size)
        __chk_fail();
    return read(fd, buffer, count);
}
