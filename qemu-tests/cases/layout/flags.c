//! flags: -O2 -g -gz | -O0 -g3 -gdwarf-4 | -O2 -g -gsplit-dwarf
//! flags: -O3 -funroll-loops -falign-functions=64 -falign-loops=32
//! flags: -O1 -fno-asynchronous-unwind-tables | -Os -fmerge-all-constants
//! flags: -O2 -fpatchable-function-entry=4,2 | -O2 -fno-plt -fPIC
//! flags: -O2 -fvisibility=hidden -fPIC | -O2 -fno-jump-tables
//! flags x86_64: -O2 -fcf-protection=full | -O2 -mno-red-zone -fno-pic | -O2 -march=x86-64-v2
//! flags aarch64: -O2 -mbranch-protection=standard | -O2 -mcpu=cortex-a53
//! flags aarch64: -O2 -mno-outline-atomics
//! flags riscv64: -O2 -march=rv64imafd -mabi=lp64d | -O2 -mno-relax -fPIC | -O0 -mno-relax
//! flags riscv64: -O2 -msave-restore
// Flags that change what else is in the object: debug information, notes, tables, alignment.
#include "../include/case.h"

static int totals[4];
static const char *const names[] = {"a", "bc", "def", "same", "same"};

NOINLINE static int length(const char *text) {
    int n = 0;
    while (text[n])
        n++;
    return n;
}

NOINLINE static int scaled(int kind, int x) {
    switch (kind) {
    case 0: return x;
    case 1: return x * 3;
    case 2: return kernel_test_far(x);
    case 3: return x - 9;
    case 4: return x ^ 5;
    case 5: return x << 2;
    default: return 0;
    }
}

// The one thing that -fvisibility=hidden may not hide here.
__attribute__((visibility("default"))) int main(void) {
    for (int i = 0; i < OPAQUE(5); i++)
        totals[i % 4] += length(names[i]);
    CHECK(totals[0] == 5 && totals[1] == 2 && totals[2] == 3 && totals[3] == 4);
    int sum = 0;
    for (int i = 0; i < OPAQUE(7); i++)
        sum += scaled(i, 10);
    CHECK(sum == 10 + 30 + 11 + 1 + 15 + 40);
    int word = 1;
    __atomic_fetch_add(&word, OPAQUE(4), __ATOMIC_SEQ_CST);
    CHECK(word == 5);
    return 0;
}
