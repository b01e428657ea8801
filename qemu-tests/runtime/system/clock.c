/* The clocks. All count from the start of the machine: nothing here knows the date. */
#include <errno.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "kernel.h"

enum { NS_PER_US = 1000, NS_PER_S = 1000000000 };

int clock_gettime(clockid_t clock, struct timespec *now) {
    uint64_t ns = kernel_clock_ns();
    (void)clock;
    now->tv_sec = ns / NS_PER_S;
    now->tv_nsec = ns % NS_PER_S;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    uint64_t ns = kernel_clock_ns();
    (void)zone;
    now->tv_sec = ns / NS_PER_S;
    now->tv_usec = ns % NS_PER_S / NS_PER_US;
    return 0;
}

/* In units of CLOCKS_PER_SEC, microseconds, as picolibc's clock() expects. */
clock_t times(struct tms *used) {
    clock_t now = kernel_clock_ns() / NS_PER_US;
    *used = (struct tms){ .tms_utime = now };
    return now;
}
