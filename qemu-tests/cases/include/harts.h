// What the image offers to programs that test the machine's second hart.
#ifndef HARTS_H
#define HARTS_H

#include "case.h"

#ifdef __cplusplus
extern "C" {
#endif

// The hart that runs this: 0 for the one that booted, or 1.
size_t kernel_hart(void);

// What the first hart has the second do: returns what `function` returns there.
int kernel_on_second_hart(int (*function)(int), int value);

// The same in two steps, between which both harts run.
void kernel_start_on_second_hart(int (*function)(int), int value);
int kernel_wait_for_second_hart(void);

// Calls `function` on hart 0 or 1. The address that it was refused; 1 for a fault of another kind; 0 if
// it returned.
uintptr_t kernel_test_fault(size_t hart, int (*function)(int), int value);

// Memory for code, as the loader gets it: it can be written, or, once sealed, run; freed, it can be
// written again.
void *kernel_test_allocate(size_t size);
int kernel_test_seal(void *start);
void kernel_test_free(void *start);

#ifdef __cplusplus
}
#endif

#endif
