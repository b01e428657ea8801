/* printf as programs built with _FORTIFY_SOURCE call it. `flag` asks glibc to look for %n in
 * writable memory; picolibc has no %n to look for. */
#include <stdarg.h>
#include <stdio.h>

int __vfprintf_chk(FILE *stream, int flag, const char *format, va_list list) {
    (void)flag;
    return vfprintf(stream, format, list);
}

int __vprintf_chk(int flag, const char *format, va_list list) {
    return __vfprintf_chk(stdout, flag, format, list);
}

int __fprintf_chk(FILE *stream, int flag, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int count = __vfprintf_chk(stream, flag, format, list);
    va_end(list);
    return count;
}

int __printf_chk(int flag, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int count = __vfprintf_chk(stdout, flag, format, list);
    va_end(list);
    return count;
}
