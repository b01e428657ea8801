// What modules of tasks have in common; the image (`qemu-tests/image/src/tasks/`) counts on it.
//
// A module NAME exports `NAME_value`, which the image calls, and what MODULE defines. Its constructor
// makes `calls` 100. It has two finalisers: each notes an element of `NAME_mark`, the one without
// a priority, which runs first, the first.
#ifndef MODULE_H
#define MODULE_H

#include "../../../loader-module/include/loader_module.h"

// Notes an address of a module, for the image to look at.
void kernel_test_note(const void *address);

#define MARK 0x4d41524bu

#define MODULE(name, major)                                                                        \
    LOADER_MODULE_NAME(#name);                                                                     \
    LOADER_MODULE_VERSION(major, 0, 0);                                                            \
    const unsigned name##_mark[2] = { MARK, ~MARK };                                               \
    const unsigned *const name##_self = name##_mark;                                               \
    static int calls;                                                                              \
    __attribute__((constructor)) static void start(void) { calls += 100; }                         \
    __attribute__((destructor(200))) static void stop_last(void) {                                 \
        kernel_test_note(&name##_mark[1]);                                                         \
    }                                                                                              \
    __attribute__((destructor)) static void stop(void) { kernel_test_note(&name##_mark[0]); }

// What the function of a module returns that calls no other.
#define CALLED(x) ((x) + ++calls)

#endif
