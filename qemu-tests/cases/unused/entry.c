//! with: entry_other.c
//! options: gc_sections
//! orders: both
//! flags: -O2 -ffunction-sections -fdata-sections | -O0 -ffunction-sections -fdata-sections -fPIC | -Os -fpie -ffunction-sections -fdata-sections -fasynchronous-unwind-tables
//! holds: .text.never_called .bss.never_touched table
//! output: 6 of 3 entries, 1 constructor
// What `main` does not need is left out: it calls what nobody defines, and the program runs. What
// runs without being called, and tables, stay.
#include "../include/case.h"

struct entry {
    int (*function)(void);
};

extern struct entry __start_table[], __stop_table[];
extern int printf(const char *format, ...); // a bare compiler has no <stdio.h>
extern int kept_in_other(void);
extern int nobody_defines_this(int);
extern int nor_this;

static int constructed;

__attribute__((constructor)) static void constructor(void) { constructed++; }

static int one(void) { return 1; }
static int two(void) { return 2; }

// Aligned as an element is: x86-64 aligns arrays by their size, which would leave gaps.
__attribute__((used, aligned(8), section("table"))) static struct entry entries[] = { { one }, { two } };

int (*never_read)(int) = nobody_defines_this;
int *never_read_either = &nor_this;
char never_touched[1 << 24]; // more than the arena has

int never_called(int value) { return never_read(value) + nobody_defines_this(*never_read_either); }
int never_called_either(int value) { return never_called(value) + never_touched[value]; }

int main(void) {
    int sum = 0, count = 0;
    for (struct entry *entry = __start_table; entry < OPAQUE(&__stop_table[0]); entry++, count++)
        sum += entry->function();
    printf("%d of %d entries, %d constructor\n", sum, count, constructed);
    CHECK(kept_in_other() == 42);
    return 0;
}
