//! arch: aarch64; the Cortex-A53 is one
//! options: erratum_843419
//! with: cortex_a53_843419_code.S
//! flags: -O2 | -Os -fPIC
//! orders: both
//! repeat: 2
//! holds: R_AARCH64_LDST64_ABS_LO12_NC
// Code with ADRPs in the last two words of a page does what it did, once it is mended. QEMU has no
// errata: that the code is mended is seen in its words.
#include "../include/case.h"

uint64_t variable = 1000, stored;

// In cortex_a53_843419_code.S, each with an ADRP for its first instruction. All but the third are
// given a place to store `value` in, before they do what their names say.
uint64_t load(uint64_t *at, uint64_t value);
uint64_t load_and_add(uint64_t *at, uint64_t value);
uint64_t store(const uint64_t *from, uint64_t value);
uint64_t load_near(uint64_t *at, uint64_t value);
uint64_t load_elsewhere(uint64_t *at, uint64_t value);
extern const uint32_t data[3];

static const uint32_t *code(const void *function) { return OPAQUE(function); }

static int is_b(uint32_t word) { return word >> 26 == 5; }
static int is_adrp(uint32_t word) { return (word & 0x9f000000) == 0x90000000; }
static int is_adr(uint32_t word) { return (word & 0x9f000000) == 0x10000000; }

// Whether the load or store was moved behind the section, and an ADRP is where it was.
static int is_moved(const void *function, int last) {
    return is_adrp(code(function)[0]) && is_b(code(function)[last]);
}

int main(void) {
    uint64_t place = 0;
    CHECK(((uintptr_t)load & 0xfff) == 0xff8 && ((uintptr_t)load_and_add & 0xfff) == 0xffc);
    CHECK(((uintptr_t)store & 0xfff) == 0xffc && ((uintptr_t)load_near & 0xfff) == 0xff8);
    // Or all would be ADR.
    CHECK((uintptr_t)&variable - (uintptr_t)load + (1 << 20) > 2 << 20);
    CHECK(is_moved(load, 2) && is_moved(load_and_add, 3) && is_moved(store, 2));
    CHECK(is_adr(code(load_near)[0]) && !is_b(code(load_near)[2]));
    CHECK(is_adrp(code(load_elsewhere)[0]) && !is_b(code(load_elsewhere)[2]));
    CHECK(data[0] == 0x90000003 && data[1] == 0xf9000001 && data[2] == 0xf9400060);

    CHECK(load(&place, 1) == 1000 && place == 1);
    variable = 2000;
    CHECK(load(&place, 2) == 2000 && place == 2);
    CHECK(load_and_add(&place, 3) == 2004 && place == 3);
    place = 77;
    CHECK(store(&place, 4) == 77 && stored == 4);
    CHECK(load_near(&place, 5) == 3000 && place == 5);
    CHECK(load_elsewhere(&place, 6) == 2000 && place == 6);
    return 0;
}
