/* ctype.h as glibc's headers read it: tables of the C locale, indexed from -128 to 255. */

/* The bits of glibc's <ctype.h> on a little-endian machine. */
enum {
    BLANK = 1 << 0,
    CONTROL = 1 << 1,
    PUNCTUATION = 1 << 2,
    ALPHANUMERIC = 1 << 3,
    UPPER = 1 << 8,
    LOWER = 1 << 9,
    ALPHABETIC = 1 << 10,
    DIGIT = 1 << 11,
    HEX_DIGIT = 1 << 12,
    SPACE = 1 << 13,
    PRINTABLE = 1 << 14,
    GRAPHIC = 1 << 15,
};

#define IN(c, low, high) ((c) >= (low) && (c) <= (high))
#define IS_UPPER(c) IN(c, 'A', 'Z')
#define IS_LOWER(c) IN(c, 'a', 'z')
#define IS_DIGIT(c) IN(c, '0', '9')
#define IS_ALPHABETIC(c) (IS_UPPER(c) || IS_LOWER(c))
#define IS_ALPHANUMERIC(c) (IS_ALPHABETIC(c) || IS_DIGIT(c))
#define IS_GRAPHIC(c) IN(c, '!', '~')
#define BIT(is, bit) ((is) ? (bit) : 0)

#define CLASS(c)                                                          \
    (BIT((c) == ' ' || (c) == '\t', BLANK) |                              \
     BIT(IN(c, 0, 31) || (c) == 127, CONTROL) |                           \
     BIT(IS_GRAPHIC(c) && !IS_ALPHANUMERIC(c), PUNCTUATION) |             \
     BIT(IS_ALPHANUMERIC(c), ALPHANUMERIC) | BIT(IS_UPPER(c), UPPER) |    \
     BIT(IS_LOWER(c), LOWER) | BIT(IS_ALPHABETIC(c), ALPHABETIC) |        \
     BIT(IS_DIGIT(c), DIGIT) |                                            \
     BIT(IS_DIGIT(c) || IN(c, 'A', 'F') || IN(c, 'a', 'f'), HEX_DIGIT) |  \
     BIT((c) == ' ' || IN(c, '\t', '\r'), SPACE) |                        \
     BIT(IN(c, ' ', '~'), PRINTABLE) | BIT(IS_GRAPHIC(c), GRAPHIC))
#define TO_LOWER(c) (IS_UPPER(c) ? (c) + 32 : (c))
#define TO_UPPER(c) (IS_LOWER(c) ? (c) - 32 : (c))

/* ENTRY for 4, 16, 64 and 128 characters from `c`. */
#define X4(ENTRY, c) ENTRY((c)), ENTRY((c) + 1), ENTRY((c) + 2), ENTRY((c) + 3)
#define X16(ENTRY, c) \
    X4(ENTRY, c), X4(ENTRY, (c) + 4), X4(ENTRY, (c) + 8), X4(ENTRY, (c) + 12)
#define X64(ENTRY, c) \
    X16(ENTRY, c), X16(ENTRY, (c) + 16), X16(ENTRY, (c) + 32), X16(ENTRY, (c) + 48)
#define X128(ENTRY, c) X64(ENTRY, c), X64(ENTRY, (c) + 64)
#define TABLE(ENTRY) { X128(ENTRY, -128), X128(ENTRY, 0), X128(ENTRY, 128) }

static const unsigned short classes[384] = TABLE(CLASS);
static const int lower[384] = TABLE(TO_LOWER);
static const int upper[384] = TABLE(TO_UPPER);

/* Where each table's entry for the character 0 is. */
static const unsigned short *const classes_at_0 = classes + 128;
static const int *const lower_at_0 = lower + 128;
static const int *const upper_at_0 = upper + 128;

const unsigned short *const *__ctype_b_loc(void) {
    return &classes_at_0;
}

const int *const *__ctype_tolower_loc(void) {
    return &lower_at_0;
}

const int *const *__ctype_toupper_loc(void) {
    return &upper_at_0;
}
