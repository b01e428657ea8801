// Variables that each of two threads has of its own: initialised, zero, aligned, with a pointer in
// the image, of another object; and what a thread finds in them, does with them and finds then.
#ifndef VARIABLES_H
#define VARIABLES_H

#include "../include/case.h"

extern void kernel_use_thread(size_t which);

struct pair { long first, second; };

__thread int initialised = 7;
__thread long zero[600];
static __thread struct pair own = { 1, 2 };
static __thread char aligned[8] __attribute__((aligned(256)));
static int target = 5;
__thread int *pointer = &target;
extern __thread struct pair outside;
struct pair *outside_there(void);

// A compiler takes the thread for always the same within a function, and in one that it has looked
// into: each part has a function of its own, and an effect that it cannot see through.
#define PART NOINLINE static
#define OTHER_THREAD __asm__ volatile("" ::: "memory")

PART int *where(void) { OTHER_THREAD; return &initialised; }

PART int fresh(void) {
    OTHER_THREAD;
    CHECK(initialised == 7 && own.first == 1 && own.second == 2 && *pointer == 5);
    CHECK(outside.first == 10 && outside.second == 20);
    for (int at = 0; at < 600; at++)
        CHECK(zero[at] == 0);
    CHECK(aligned[7] == 0 && ((uintptr_t)OPAQUE(&aligned[0]) & 255) == 0);
    return 0;
}

PART void change(void) {
    OTHER_THREAD;
    initialised = 70;
    own.first++;
    zero[599] = 3;
    aligned[7] = 4;
    outside.second = 21;
}

PART int changed(void) {
    OTHER_THREAD;
    CHECK(initialised == 70 && own.first == 2 && zero[599] == 3 && aligned[7] == 4);
    CHECK(outside_there() == &outside && outside_there()->second == 21);
    return 0;
}

#endif
