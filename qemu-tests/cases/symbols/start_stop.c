//! with: start_stop_other.c
//! orders: both
//! flags: -O2 | -O0 -fPIC | -O2 -fno-pic -fdata-sections | -O2 -fPIE -ffunction-sections
//! holds: table constants zeros
// Tables to which each object adds its entries: the symbols that linkers define for their
// boundaries, over all objects.
#include "../include/case.h"

#include "start_stop.h"

ENTRY(first, 1);
CONSTANT(one, 11);
ZERO(here);

extern struct entry __start_table[], __stop_table[];
extern const int __start_constants[], __stop_constants[];
extern char __start_zeros[], __stop_zeros[];
extern int __start_mixed[], __stop_mixed[];
extern int __start_missing[] __attribute__((weak)), __stop_missing[] __attribute__((weak));

__attribute__((used, section("mixed"))) static const int read_only = 100;

struct entry *other_start(void);
struct entry *other_stop(void);

// Separate the sections of one name from each other.
int between[3] = { 1, 2, 3 };

int main(void) {
    struct entry *start = OPAQUE(&__start_table[0]), *stop = OPAQUE(&__stop_table[0]);
    CHECK(stop - start == 4);
    CHECK(start == other_start() && stop == other_stop());
    int sum = 0;
    for (struct entry *entry = start; entry < stop; entry++) {
        CHECK(entry->next == entry + 1 || entry->next == 0);
        sum += entry->value;
    }
    CHECK(sum == 1 + 2 + 3 + 4);
    start->value = 50; // a table may be written to
    CHECK(OPAQUE(start)->value == 50);

    int product = 1, count = 0;
    for (const int *at = __start_constants; at < OPAQUE(&__stop_constants[0]); at++, count++)
        product *= *at;
    CHECK(count == 3 && product == 11 * 13 * 17);

    CHECK(OPAQUE(&__stop_zeros[0]) - __start_zeros == 2 * 40);
    for (char *at = __start_zeros; at < OPAQUE(&__stop_zeros[0]); at++)
        CHECK(*at == 0);

    // Constants here and variables there: all can be written to.
    CHECK(OPAQUE(&__stop_mixed[0]) - __start_mixed == 2);
    int mixed = __start_mixed[0] + __start_mixed[1];
    CHECK(mixed == 100 + 200);
    for (int *at = __start_mixed; at < OPAQUE(&__stop_mixed[0]); at++)
        *at += 1;
    CHECK(__start_mixed[0] + __start_mixed[1] == mixed + 2);

    CHECK(OPAQUE(&__start_missing[0]) == 0 && OPAQUE(&__stop_missing[0]) == 0);
    CHECK(between[0] + between[1] + between[2] == 6);
    return 0;
}
