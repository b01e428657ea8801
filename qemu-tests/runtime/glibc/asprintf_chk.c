/* asprintf as programs built with _FORTIFY_SOURCE call it. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>

int __vasprintf_chk(char **string, int flag, const char *format, va_list list) {
    (void)flag;
    return vasprintf(string, format, list);
}

int __asprintf_chk(char **string, int flag, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int count = __vasprintf_chk(string, flag, format, list);
    va_end(list);
    return count;
}
