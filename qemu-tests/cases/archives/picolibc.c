//! arch: aarch64 riscv64; Debian has no picolibc for x86-64
//! library: picolibc
//! flags: -O2 -fno-pic | -O0 -fPIC
//! output: [   42] -7 abc 0x2a 3.25
//! repeat: 2
// The C library as it comes, of which the target takes what is needed; no C runtime is under it.
// What it asks of a system is here. errno is thread-local.
#include "../include/case.h"

int snprintf(char *to, size_t size, const char *format, ...);
int sscanf(const char *from, const char *format, ...);
size_t strlen(const char *string);
char *strstr(const char *string, const char *part);
long strtol(const char *string, char **end, int base);
double strtod(const char *string, char **end);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *malloc(size_t size);
void free(void *block);
void *memset(void *to, int value, size_t size);
extern _Thread_local int errno;

#define ERANGE 34

void *sbrk(long bytes) { return kernel_sbrk(bytes); }
void _exit(int code) { kernel_exit(code); }

static int ascending(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

int main(void) {
    char text[64];
    char *end;
    int numbers[] = {5, 3, 9, -1, 7, 0}, one, other;
    CHECK(strlen("12345") == 5);
    qsort(numbers, COUNT(numbers), sizeof(int), ascending);
    for (size_t i = 1; i < COUNT(numbers); i++)
        CHECK(numbers[i - 1] < numbers[i]);
    CHECK(strtol("-123x", &end, 10) == -123 && *end == 'x');
    errno = 0;
    CHECK(strtol("99999999999999999999", &end, 10) == (long)(~0ul >> 1));
    CHECK(errno == ERANGE);
    CHECK(strtod("3.25", &end) == 3.25 && *end == 0);
    CHECK(sscanf("17 4", "%d %d", &one, &other) == 2 && one * other == 68);
    char *block = malloc(1000);
    CHECK(block);
    memset(block, 'x', 999);
    block[999] = 0;
    CHECK(strlen(block) == 999 && strstr(block, "xxx") == block);
    free(block);
    int length = snprintf(text, sizeof(text), "[%5d] %ld %s %#x %.2f\n", 42, -7l, "abc", 42, 3.25);
    CHECK(length == 25);
    kernel_write(text, length);
    return 0;
}
