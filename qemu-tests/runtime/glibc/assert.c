/* assert as glibc's headers call it. */
#include <assert.h>

_Noreturn void __assert_fail(const char *expression, const char *file, unsigned line,
                             const char *function) {
    __assert_func(file, line, function, expression);
}
