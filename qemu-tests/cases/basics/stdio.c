//! flags: -O2 | -O0 -fPIC
//! output: 42 and 3.250000, -1.5e+10, 0x2a, [   right] [left    ] 100%
//! output: sorted: 1 1 2 3 4 5 6 9
//! output: a copy of this
// The C library: formatted output with floats, the heap, sorting by a callback.
#include "../include/case.h"

// Declared here, as the C library's headers are not a compiler's own.
int printf(const char *format, ...);
int puts(const char *line);
void *malloc(size_t size);
void free(void *block);
char *strcpy(char *to, const char *from);
size_t strlen(const char *string);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

static int ascending(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

int main(void) {
    int values[] = {3, 1, 4, 1, 5, 9, 2, 6};
    printf("%d and %f, %.1e, %#x, [%8s] [%-8s] %d%%\n", 42, 3.25, -1.5e10, 42, "right", "left",
           100);
    qsort(values, COUNT(values), sizeof(values[0]), ascending);
    printf("sorted:");
    for (size_t i = 0; i < COUNT(values); i++)
        printf(" %d", values[i]);
    printf("\n");
    char *copy = malloc(20);
    CHECK(copy != 0);
    strcpy(copy, "a copy of this");
    CHECK(strlen(copy) == 14);
    puts(copy);
    free(copy);
    return 0;
}
