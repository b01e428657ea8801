/* errno as glibc's headers reach it. The numbers stay picolibc's own: those of C and most
 * of POSIX's agree, the others (ENOSYS for one) are right for strerror here. */
#include <errno.h>

int *__errno_location(void) {
    return &errno;
}
