//! harts: second
//! repeat: 3
//! output: start
//! output: main on the second hart, and 41 + 1 is 42
//! output: end
// The first hart loads, the second runs: initialisers, the entry, finalisers, the C library, calls
// back into the image, a function that no branch reaches.
#include "../include/harts.h"

// Declared here, as the C library's headers are not a compiler's own.
int printf(const char *format, ...);
void *malloc(size_t size);
void free(void *block);
void *memset(void *to, int byte, size_t count);

static int runs = 1;
static size_t started_on;
static const char *words[] = { "main on the %s hart, and %d + 1 is %d\n", "second" };

__attribute__((constructor)) static void start(void) {
    runs++;
    started_on = kernel_hart();
    SAY("start");
}

__attribute__((destructor)) static void end(void) { SAY("end"); }

NOINLINE static int add_one(int value) { return value + 1 + (kernel_hart() != 1); }

int main(int argc, char **argv) {
    CHECK(argc == 1 && argv[1] == NULL);
    CHECK(kernel_hart() == 1 && started_on == 1);
    CHECK(runs++ == 2);
    char *copy = malloc(100000);
    CHECK(copy != NULL);
    memset(copy, 7, 100000);
    CHECK(copy[99999] == 7);
    free(copy);
    CHECK(kernel_call_back(add_one, 20) == 42);
    CHECK(kernel_test_far(41) == 42);
    printf(words[0], words[1], 41, add_one(41));
    return 0;
}
