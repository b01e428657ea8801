/* What modules find in the kernel: here, in the system images of `cargo xtask qemu`. Put what yours
 * exports in its place. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes to the console. */
void kernel_write(const char *bytes, size_t count);

/* Ends the program with an exit code. Runs nothing of it any more. */
__attribute__((noreturn)) void kernel_exit(int code);

/* Ends the program as aborted. */
__attribute__((noreturn)) void kernel_abort(void);

/* Moves the end of the program's heap and returns the old one; (void *)-1 when exhausted. */
void *kernel_sbrk(long increment);

/* Nanoseconds since the machine started. */
uint64_t kernel_clock_ns(void);

#ifdef __cplusplus
}
#endif

#endif
