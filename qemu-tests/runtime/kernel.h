/* What the system image exports, and all that this C runtime stands on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Writes to the console. */
void kernel_write(const char *bytes, size_t count);

/* Ends the program with an exit code. Runs nothing of it any more. */
_Noreturn void kernel_exit(int code);

/* Ends the program as aborted. */
_Noreturn void kernel_abort(void);

/* Moves the end of the program's heap and returns the old one; (void *)-1 when exhausted. */
void *kernel_sbrk(long increment);

/* Nanoseconds since the machine started. */
uint64_t kernel_clock_ns(void);
