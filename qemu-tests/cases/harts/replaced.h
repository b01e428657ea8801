// Code that is replaced by other code at the same address, and what each hart does with it.
#ifndef REPLACED_H
#define REPLACED_H

#include "../include/harts.h"

// Two functions of `code_size` bytes that can be anywhere: one adds 100 to its argument, the other
// 200.
extern const char first_code[], second_code[];
extern const uint64_t code_size;

// Where it is now.
static char *volatile place;

static int copy_code(int which) {
    const char *code = which ? second_code : first_code;
    for (uint64_t i = 0; i < code_size; i++)
        ((volatile char *)place)[i] = code[i];
    return 0;
}

static int run_code(int value) {
#ifdef __aarch64__
    __asm__ volatile("isb"); // The other hart may have sealed it a moment ago.
#endif
    return ((int (*)(int))place)(value);
}

static int write_code(int value) {
    *(volatile char *)place = (char)value;
    return 0;
}

static int read_code(int value) { return *(volatile char *)place & value & 0; }

#endif
