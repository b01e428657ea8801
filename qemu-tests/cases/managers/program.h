// What a program has of everything: code, constants, variables, zeroes, addresses from the GOT, and
// calls to another object, to the C runtime and to where no branch reaches.
#ifndef PROGRAM_H
#define PROGRAM_H

#include "../include/case.h"

int printf(const char *format, ...);
int snprintf(char *to, size_t size, const char *format, ...);
int strcmp(const char *one, const char *other);
void *malloc(size_t size);
void free(void *block);

// Of the other object.
extern int other_variable;
extern const int other_table[4];
int *other_zeroes(void);
int other_call(int value);

// Nobody has it: its address, from the GOT where the code is position-independent, is 0.
extern int nobody __attribute__((weak));

static int variable = 5;
static int zeroes[4000];
static int *const pointer = &variable;
static const char *volatile text = "constant";

static int check_all(void) {
    CHECK(variable == 5 && ++variable == 6); // as if loaded anew
    CHECK(*OPAQUE(pointer) == 6);
    for (size_t i = 0; i < COUNT(zeroes); i++)
        CHECK(zeroes[OPAQUE(i)]-- == 0);
    CHECK(other_variable == 41 && ++other_variable == 42);
    CHECK(other_table[3] == 4);
    CHECK(other_zeroes()[999]++ == 0);
    CHECK(other_call(1) == 102);
    CHECK(OPAQUE(&nobody) == 0);
    CHECK(kernel_test_far(1) == 2); // by a stub
    CHECK(kernel_call_back(other_call, 3) == 2 * 104);
    char *copy = malloc(20);
    CHECK(copy && snprintf(copy, 20, "%s %d", text, variable) == 10);
    CHECK(strcmp(copy, "constant 6") == 0);
    free(copy);
    printf("%s\n", "by the C runtime");
    return 0;
}

#endif
