/* What libsupc++ asks of threads: there is one. */
#include <stdlib.h>

char __libc_single_threaded = 1;

int pthread_mutex_lock(void *mutex) {
    (void)mutex;
    return 0;
}

int pthread_mutex_unlock(void *mutex) {
    (void)mutex;
    return 0;
}

/* As of glibc, for newer ones. */
char *secure_getenv(const char *name) {
    return getenv(name);
}
