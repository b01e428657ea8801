// What the image offers to programs, and the one way to check something.
#ifndef CASE_H
#define CASE_H

#include <stddef.h>

// Not <stdint.h>: a bare compiler has it, a hosted one may want the C library's.
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;

#ifdef __cplusplus
extern "C" {
#endif

// The image's own functions.
void kernel_write(const char *text, size_t length);
__attribute__((noreturn)) void kernel_exit(int code);
__attribute__((noreturn)) void kernel_abort(void);
void *kernel_sbrk(long bytes);
uint64_t kernel_clock_ns(void);

// Returns twice what `function` returns for `value`.
int kernel_call_back(int (*function)(int), int value);

// Lives 64 GiB away from every arena, where no branch reaches, or where the case says (`far`).
// Returns its argument plus one.
int kernel_test_far(int value);

#ifdef __cplusplus
}
#endif

// Ends the function, `main` as a rule, with the number of the line that does not hold.
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

// Prints a string literal as a line.
#define SAY(literal) kernel_write(literal "\n", sizeof(literal "\n") - 1)

// Keeps a function out of its callers, so that they really call it.
#define NOINLINE __attribute__((noinline))

// Hides a value from the optimiser. (The comma takes `const` off its type.)
#define OPAQUE(value)                                                                              \
    __extension__({                                                                                \
        __typeof__((void)0, (value)) opaque_ = (value);                                            \
        __asm__ volatile("" : "+r"(opaque_));                                                      \
        opaque_;                                                                                   \
    })

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
