/* Files: the console, and no file system. Whatever needs one fails with ENOSYS. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"

static int unsupported(void) {
    errno = ENOSYS;
    return -1;
}

static int is_console(int fd) {
    return fd >= STDIN_FILENO && fd <= STDERR_FILENO;
}

static int bad_descriptor(void) {
    errno = EBADF;
    return -1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
        return bad_descriptor();
    kernel_write(bytes, count);
    return count;
}

/* Nothing is ever typed: standard input is at its end. */
ssize_t read(int fd, void *bytes, size_t count) {
    (void)bytes, (void)count;
    return fd == STDIN_FILENO ? 0 : bad_descriptor();
}

off_t lseek(int fd, off_t offset, int whence) {
    (void)offset, (void)whence;
    if (!is_console(fd))
        return bad_descriptor();
    errno = ESPIPE;
    return -1;
}

int isatty(int fd) {
    if (is_console(fd))
        return 1;
    return bad_descriptor(), 0;
}

int close(int fd) {
    return is_console(fd) ? 0 : bad_descriptor();
}

int open(const char *path, int flags, ...) {
    (void)path, (void)flags;
    return unsupported();
}

/* Fails for the console too: which bytes of `stat` mean what depends on whose header the
 * caller was compiled with. */
int fstat(int fd, struct stat *out) {
    (void)fd, (void)out;
    return unsupported();
}

int stat(const char *restrict path, struct stat *restrict out) {
    (void)path, (void)out;
    return unsupported();
}

int access(const char *path, int mode) {
    (void)path, (void)mode;
    return unsupported();
}

int unlink(const char *path) {
    (void)path;
    return unsupported();
}

int rename(const char *from, const char *to) {
    (void)from, (void)to;
    return unsupported();
}
