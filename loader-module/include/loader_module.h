/*
 * What a module says about itself, for C11 and C++17, gcc and clang.
 *
 *     #include "loader_module.h"
 *
 *     LOADER_MODULE_NAME("blink");
 *     LOADER_MODULE_VERSION(1, 2, 3);
 *     LOADER_MODULE_LICENCE("MIT");
 *     LOADER_DEPENDS("gpio", 1, 0, 0, 2, 0, 0);
 *     LOADER_NAMESPACE("drivers");
 *     LOADER_USES("hal");
 *     LOADER_PARAMETER(uint32_t, rate, 10, "blinks per second");
 *     LOADER_INTERFACE(gpio_set, LOADER_LAYOUT(struct gpio, pin, level));
 *
 * Each line stands outside of functions and becomes a note of the object's section
 * .note.loader-core, which is never loaded. The format, and what a loader makes of it, is in the
 * documentation of loader-core's `metadata`. Names that end in an underscore are not for use.
 */
#ifndef LOADER_MODULE_H
#define LOADER_MODULE_H

#include <stddef.h>
#include <stdint.h>

/* The module's name, version and licence; objects of one module that say it say the same. */
#define LOADER_MODULE_NAME(name) LOADER_TEXT_NOTE_(loader_module_name_, 1, name)
#define LOADER_MODULE_VERSION(major, minor, patch) \
    LOADER_NOTE_(loader_module_version_, 2, uint32_t version[3];, 12, {major, minor, patch})
#define LOADER_MODULE_LICENCE(licence) LOADER_TEXT_NOTE_(loader_module_licence_, 3, licence)

/* A module that this one needs, from one version on, and up to another but not including it. */
#define LOADER_DEPENDS(name, major, minor, patch, end_major, end_minor, end_patch)   \
    LOADER_UNIQUE_(LOADER_RANGE_NOTE_, name, major, minor, patch, end_major, end_minor, end_patch)
/* The same without an end. */
#define LOADER_DEPENDS_FROM(name, major, minor, patch) \
    LOADER_DEPENDS(name, major, minor, patch, UINT32_MAX, UINT32_MAX, UINT32_MAX)

/*
 * Defines a global variable that may be set before the module runs: of an integer type, bool or
 * const char *.
 */
#define LOADER_PARAMETER(type, name, value, description)                                   \
    LOADER_GLOBAL_(type name __attribute__((used, visibility("default"))) = value;)        \
    LOADER_NOTE_(loader_parameter_##name, 5,                                               \
                 uint32_t kind; LOADER_TEXT_(#name "\0" description),                      \
                 4 + sizeof(#name "\0" description), LOADER_KIND_(type), #name "\0" description)

/*
 * What the module takes a symbol to be: of one that it defines, what it exports; of one that it
 * imports, what it expects. LOADER_HASH and LOADER_LAYOUT make such numbers.
 */
#define LOADER_INTERFACE(symbol, hash)                                                       \
    LOADER_NOTE_(loader_interface_##symbol, 6,                                               \
                 uint64_t number __attribute__((packed, aligned(4))); LOADER_TEXT_(#symbol), \
                 8 + sizeof(#symbol), hash, #symbol)

/* The namespace that all exports of the module are in. */
#define LOADER_NAMESPACE(name) LOADER_TEXT_NOTE_(loader_module_namespace_, 7, name)
/* A namespace whose exports the module wants to see. */
#define LOADER_USES(name) LOADER_UNIQUE_(LOADER_TEXT_NOTE_, 8, name)

/* FNV-1a, 64 bits, of a string literal of at most 128 bytes: `interface_hash` in Rust. */
#define LOADER_HASH(text)                                                           \
    (LOADER_OPEN_64_ LOADER_OPEN_64_ LOADER_BASIS_(text, 128)                       \
     LOADER_CHARS_64_(text, 0) LOADER_CHARS_64_(text, 64))

/*
 * The number of a structure's layout: its name, size and alignment, and of each of the 1 to 16
 * fields given, in their order, the name, offset and size. `layout_hash!` in Rust makes the same.
 * A name before which `struct` or `union` stands counts without it. No name may be longer than 64
 * bytes.
 */
#define LOADER_LAYOUT(type, ...) LOADER_LAYOUT_(LOADER_COUNT_(__VA_ARGS__), type, __VA_ARGS__)

/* -- Notes ------------------------------------------------------------------------------------ */

/* All of a note is constant and a multiple of four bytes: no relocation, no padding between two. */
#define LOADER_NOTE_(variable, number, fields, size, ...)                                    \
    static const struct {                                                                    \
        uint32_t namesz, descsz, type;                                                       \
        char owner[12];                                                                      \
        fields                                                                               \
    } variable __attribute__((used, section(".note.loader-core"), aligned(4))) = {           \
        12, size, number, "loader-core", __VA_ARGS__}

#define LOADER_TEXT_(literal) char text[(sizeof(literal) + 3) / 4 * 4];
#define LOADER_TEXT_NOTE_(variable, number, literal) \
    LOADER_NOTE_(variable, number, LOADER_TEXT_(literal), sizeof(literal), literal)
#define LOADER_RANGE_NOTE_(variable, name, ...)                                     \
    LOADER_NOTE_(variable, 4, uint32_t versions[6]; LOADER_TEXT_(name), 24 + sizeof(name), \
                 {__VA_ARGS__}, name)

/* Notes of which there may be many are numbered, which clang only knows as an extension. */
#if defined(__clang__) && defined(__has_warning)
#if __has_warning("-Wc2y-extensions")
#define LOADER_QUIETLY_ \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wc2y-extensions\"")
#define LOADER_LOUDLY_ _Pragma("clang diagnostic pop")
#endif
#endif
#ifndef LOADER_QUIETLY_
#define LOADER_QUIETLY_
#define LOADER_LOUDLY_
#endif
#define LOADER_UNIQUE_(note, ...)                                                              \
    LOADER_QUIETLY_                                                                            \
    note(LOADER_JOIN_(loader_note_, __COUNTER__), __VA_ARGS__) LOADER_LOUDLY_

#define LOADER_JOIN_(a, b) LOADER_PASTE_(a, b)
#define LOADER_PASTE_(a, b) a##b

/* -- Parameters ------------------------------------------------------------------------------- */

#ifdef __cplusplus
#define LOADER_GLOBAL_(definition) extern "C" { definition }
#define LOADER_ALIGNOF_(type) alignof(type)
#define LOADER_KIND_(type) loader_module::kind<type>::number

namespace loader_module {
/* An integer, by its size and sign. */
template <typename T>
struct kind {
    static_assert(T(1) / T(2) == T(0) && sizeof(T) <= 8,
                  "a parameter is an integer of at most 64 bits, a bool or a const char *");
    static constexpr uint32_t number = (T(-1) < T(0) ? 1 : 5)
        + (sizeof(T) == 8 ? 3 : sizeof(T) == 4 ? 2 : sizeof(T) == 2 ? 1 : 0);
};
/* A constant would be no symbol that a loader could find. */
template <typename T>
struct kind<const T>;
template <>
struct kind<bool> {
    static constexpr uint32_t number = 9;
};
template <>
struct kind<const char *> {
    static constexpr uint32_t number = 10;
};
}  // namespace loader_module
#else
#define LOADER_GLOBAL_(definition) definition
#define LOADER_ALIGNOF_(type) _Alignof(type)
#define LOADER_KIND_(type)                                                                   \
    _Generic((type *)0, signed char *: 1, short *: 2, int *: 3, long *: LOADER_LONG_(3),     \
             long long *: 4, unsigned char *: 5, unsigned short *: 6, unsigned *: 7,         \
             unsigned long *: LOADER_LONG_(7), unsigned long long *: 8, _Bool *: 9,          \
             const char **: 10, char *: (char)-1 < 0 ? 1 : 5)
#define LOADER_LONG_(kind) (sizeof(long) == 8 ? (kind) + 1 : (kind))
#endif

/* -- Numbers of interfaces -------------------------------------------------------------------- */

/*
 * All of it is constant expressions, which in C cannot loop: a text's characters are taken one by
 * one up to the longest, and past the end of the text nothing changes. What is `((h ^ a) * p ^ b)
 * * p` in the end is written from left to right, opening parentheses first, since macros that nest
 * are read again for each level.
 */
#define LOADER_WORD_(word) ^ (uint64_t)(word)) * UINT64_C(0x100000001b3)
#define LOADER_CHAR_(s, i)                                             \
    ^ (unsigned char)(s)[(i) < sizeof(s) ? (i) : sizeof(s) - 1])       \
        * ((i) < sizeof(s) - 1 ? UINT64_C(0x100000001b3) : UINT64_C(1))
#define LOADER_CHARS_4_(s, i) \
    LOADER_CHAR_(s, i) LOADER_CHAR_(s, i + 1) LOADER_CHAR_(s, i + 2) LOADER_CHAR_(s, i + 3)
#define LOADER_CHARS_16_(s, i)                           \
    LOADER_CHARS_4_(s, i) LOADER_CHARS_4_(s, i + 4)      \
    LOADER_CHARS_4_(s, i + 8) LOADER_CHARS_4_(s, i + 12)
#define LOADER_CHARS_64_(s, i)                               \
    LOADER_CHARS_16_(s, i) LOADER_CHARS_16_(s, i + 16)       \
    LOADER_CHARS_16_(s, i + 32) LOADER_CHARS_16_(s, i + 48)
#define LOADER_OPEN_16_ ((((((((((((((((
#define LOADER_OPEN_64_ LOADER_OPEN_16_ LOADER_OPEN_16_ LOADER_OPEN_16_ LOADER_OPEN_16_

/* The basis; a text that is longer than `most` does not compile. */
#define LOADER_BASIS_(s, most) \
    (UINT64_C(0xcbf29ce484222325) + 0 * sizeof(char[sizeof(s) <= (most) + 1 ? 1 : -1]))
#define LOADER_NAME_(s, from) \
    (LOADER_OPEN_64_ LOADER_BASIS_(s, 64) LOADER_CHARS_64_(s, from))
/* How much of a type's name is `struct ` or `union `. */
#define LOADER_TAG_(s)                                        \
    (sizeof(s) > 7 && (s)[sizeof(s) > 7 ? 6 : 0] == ' '       \
         ? 7u                                                 \
         : sizeof(s) > 6 && (s)[sizeof(s) > 6 ? 5 : 0] == ' ' ? 6u : 0u)

#define LOADER_LAYOUT_(count, type, ...)                                                       \
    ((( LOADER_JOIN_(LOADER_OPEN_FIELDS_, count)                                               \
      LOADER_NAME_(#type, LOADER_TAG_(#type))                                                  \
      LOADER_WORD_(sizeof(type)) LOADER_WORD_(LOADER_ALIGNOF_(type))                           \
      LOADER_JOIN_(LOADER_FIELDS_, count)(type, __VA_ARGS__))
#define LOADER_FIELD_(type, field)                                      \
    LOADER_WORD_(LOADER_NAME_(#field, 0u))                              \
    LOADER_WORD_(offsetof(type, field)) LOADER_WORD_(sizeof(((type *)0)->field))
#define LOADER_FIELDS_1(type, field) LOADER_FIELD_(type, field)
#define LOADER_FIELDS_2(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_1(type, __VA_ARGS__)
#define LOADER_FIELDS_3(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_2(type, __VA_ARGS__)
#define LOADER_FIELDS_4(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_3(type, __VA_ARGS__)
#define LOADER_FIELDS_5(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_4(type, __VA_ARGS__)
#define LOADER_FIELDS_6(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_5(type, __VA_ARGS__)
#define LOADER_FIELDS_7(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_6(type, __VA_ARGS__)
#define LOADER_FIELDS_8(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_7(type, __VA_ARGS__)
#define LOADER_FIELDS_9(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_8(type, __VA_ARGS__)
#define LOADER_FIELDS_10(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_9(type, __VA_ARGS__)
#define LOADER_FIELDS_11(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_10(type, __VA_ARGS__)
#define LOADER_FIELDS_12(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_11(type, __VA_ARGS__)
#define LOADER_FIELDS_13(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_12(type, __VA_ARGS__)
#define LOADER_FIELDS_14(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_13(type, __VA_ARGS__)
#define LOADER_FIELDS_15(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_14(type, __VA_ARGS__)
#define LOADER_FIELDS_16(type, field, ...) \
    LOADER_FIELD_(type, field) LOADER_FIELDS_15(type, __VA_ARGS__)
#define LOADER_OPEN_FIELDS_1 (((
#define LOADER_OPEN_FIELDS_2 ((( LOADER_OPEN_FIELDS_1
#define LOADER_OPEN_FIELDS_3 ((( LOADER_OPEN_FIELDS_2
#define LOADER_OPEN_FIELDS_4 ((( LOADER_OPEN_FIELDS_3
#define LOADER_OPEN_FIELDS_5 ((( LOADER_OPEN_FIELDS_4
#define LOADER_OPEN_FIELDS_6 ((( LOADER_OPEN_FIELDS_5
#define LOADER_OPEN_FIELDS_7 ((( LOADER_OPEN_FIELDS_6
#define LOADER_OPEN_FIELDS_8 ((( LOADER_OPEN_FIELDS_7
#define LOADER_OPEN_FIELDS_9 ((( LOADER_OPEN_FIELDS_8
#define LOADER_OPEN_FIELDS_10 ((( LOADER_OPEN_FIELDS_9
#define LOADER_OPEN_FIELDS_11 ((( LOADER_OPEN_FIELDS_10
#define LOADER_OPEN_FIELDS_12 ((( LOADER_OPEN_FIELDS_11
#define LOADER_OPEN_FIELDS_13 ((( LOADER_OPEN_FIELDS_12
#define LOADER_OPEN_FIELDS_14 ((( LOADER_OPEN_FIELDS_13
#define LOADER_OPEN_FIELDS_15 ((( LOADER_OPEN_FIELDS_14
#define LOADER_OPEN_FIELDS_16 ((( LOADER_OPEN_FIELDS_15
#define LOADER_COUNT_(...) \
    LOADER_17TH_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define LOADER_17TH_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, ...) q

#endif
