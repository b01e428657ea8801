//! flags: -O2 | -O2 -fPIC | -O2 -fno-pic -ffunction-sections -fdata-sections | -O0
// Data, read-only data, zeroed data and code at every alignment that they ask for.
#include "../include/case.h"

#define ALIGNED(n) __attribute__((aligned(n)))

char ALIGNED(64) data_64[3] = {1};
char odd = 1;
char ALIGNED(1024) data_1024[3] = {2};
char ALIGNED(4096) data_4096[3] = {3};
const char ALIGNED(128) rodata_128[3] = {4};
const char ALIGNED(4096) rodata_4096[3] = {5};
char ALIGNED(256) bss_256[3];
char ALIGNED(8192) bss_8192[5];
char small_bss;

ALIGNED(64) NOINLINE int code_64(int x) { return x + 64; }
NOINLINE int code(int x) { return x + 1; }
ALIGNED(4096) NOINLINE int code_4096(int x) { return x + 4096; }

#define IS_ALIGNED(what, n) CHECK(OPAQUE((uintptr_t)(what)) % (n) == 0)

int main(void) {
    IS_ALIGNED(data_64, 64);
    IS_ALIGNED(data_1024, 1024);
    IS_ALIGNED(data_4096, 4096);
    IS_ALIGNED(rodata_128, 128);
    IS_ALIGNED(rodata_4096, 4096);
    IS_ALIGNED(bss_256, 256);
    IS_ALIGNED(bss_8192, 8192);
    IS_ALIGNED(code_64, 64);
    IS_ALIGNED(code_4096, 4096);
    CHECK(data_64[OPAQUE(0)] + data_1024[OPAQUE(0)] + data_4096[OPAQUE(0)] + odd == 7);
    CHECK(rodata_128[OPAQUE(0)] + rodata_4096[OPAQUE(0)] == 9);
    CHECK(bss_256[OPAQUE(2)] + bss_8192[OPAQUE(4)] + small_bss == 0);
    CHECK(code_64(1) + code(1) + code_4096(1) == 65 + 2 + 4097);
    return 0;
}
