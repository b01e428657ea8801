/* A module that says everything about itself; blink.rs says the same. C and C++. */
#include <stdbool.h>
#include <stdint.h>

struct gpio_pin {
    uint32_t number;
    uint8_t level;
    void *context;
};
/* As many fields, and as long names, as a hash has room for. */
struct sixteen_fields_and_a_name_of_64_bytes_with_struct_before_ {
    uint8_t a, b, c, d, e, f, g, h;
    int64_t i, j, k, l;
    int16_t m, n, o, a_field_of_64_bytes_that_is_the_longest_that_a_hash_has_room_for;
};

#ifdef WITHOUT
/* The same variables, and nothing said about them. */
#ifdef __cplusplus
#define VARIABLE(type, name, value) \
    extern "C" { type name __attribute__((used, visibility("default"))) = value; }
#else
#define VARIABLE(type, name, value) \
    type name __attribute__((used, visibility("default"))) = value;
#endif
VARIABLE(uint32_t, RATE, 10)
VARIABLE(bool, LOUD, true)
VARIABLE(const char *, GREETING, "hello")
VARIABLE(int8_t, BYTE, -1)
VARIABLE(uint16_t, SHORT, 2)
VARIABLE(int64_t, LONG, -3)
VARIABLE(uint64_t, SIZE, 4)
#else
#include "loader_module.h"

LOADER_MODULE_NAME("blink");
LOADER_MODULE_VERSION(1, 2, 3);
LOADER_MODULE_LICENCE("MIT OR Apache-2.0");
LOADER_DEPENDS("gpio", 1, 0, 0, 2, 0, 0); LOADER_DEPENDS_FROM("clock", 0, 3, 0);
LOADER_DEPENDS_FROM("log", 0, 0, 0);
LOADER_NAMESPACE("drivers");
LOADER_USES("hal");
LOADER_USES("bus");
LOADER_PARAMETER(uint32_t, RATE, 10, "blinks per second");
LOADER_PARAMETER(bool, LOUD, true, "");
LOADER_PARAMETER(const char *, GREETING, "hello", "what to say first: « hello »");
LOADER_PARAMETER(int8_t, BYTE, -1, "a");
LOADER_PARAMETER(uint16_t, SHORT, 2, "bc");
LOADER_PARAMETER(int64_t, LONG, -3, "def");
LOADER_PARAMETER(uint64_t, SIZE, 4, "ghij");
LOADER_INTERFACE(gpio_set, LOADER_LAYOUT(struct gpio_pin, number, level, context));
LOADER_INTERFACE(gpio_get, LOADER_HASH("uint8_t gpio_get(uint32_t number)"));
#define LONGEST_TEXT                                                     \
    "128 bytes, which is the longest text that a hash in C has room for" \
    ": one character more, and it does not compile any more at all."
LOADER_INTERFACE(blink, LOADER_HASH(LONGEST_TEXT));
LOADER_INTERFACE(
    wide, LOADER_LAYOUT(struct sixteen_fields_and_a_name_of_64_bytes_with_struct_before_, a, b, c,
                        d, e, f, g, h, i, j, k, l, m, n, o,
                        a_field_of_64_bytes_that_is_the_longest_that_a_hash_has_room_for));

/* What must not compile. */
#ifdef LONG_TEXT
LOADER_INTERFACE(long_text, LOADER_HASH(LONGEST_TEXT "."));
#endif
#ifdef LONG_NAME
struct a_name_that_is_longer_than_64_bytes_with_the_struct_before_it { int a; };
LOADER_INTERFACE(
    long_name,
    LOADER_LAYOUT(struct a_name_that_is_longer_than_64_bytes_with_the_struct_before_it, a));
#endif
#ifdef NO_KIND
LOADER_PARAMETER(double, RATIO, 0.5, "not an integer");
#endif
#ifdef CONSTANT
LOADER_PARAMETER(const uint32_t, FIXED, 1, "nobody could set it");
#endif
#ifdef TOO_WIDE
__extension__ typedef __int128 wide;
LOADER_PARAMETER(wide, WIDE, 1, "more than 64 bits");
#endif
#ifdef TWO_NAMES
LOADER_MODULE_NAME("blink");
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif
uint8_t gpio_get(uint32_t number);
void gpio_set(struct gpio_pin *pin);
uint64_t blink(void);
int wide(struct sixteen_fields_and_a_name_of_64_bytes_with_struct_before_ *of);

uint64_t blink(void) {
    struct gpio_pin pin = {RATE, gpio_get(1), 0};
    gpio_set(&pin);
    return LOUD ? (uint64_t)GREETING[0] + SHORT : SIZE + (uint64_t)(LONG + BYTE);
}

int wide(struct sixteen_fields_and_a_name_of_64_bytes_with_struct_before_ *of) {
    return of->a + of->o;
}
#ifdef __cplusplus
}
#endif
