/* The decimal digits of floating-point numbers, for printf: exactly those of the number,
 * rounded to nearest and a tie to even.
 *
 * picolibc's own give a double's shortest digits that read back as the same number, and zeros
 * after those, where C asks for 17 and there are 17; and round a long double in the wrong
 * place. The two functions here are called as theirs are. */
#define _NEED_IO_DOUBLE
#define _NEED_IO_LONG_DOUBLE
#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "libc/stdio/dtoa.h"

typedef unsigned __int128 u128;

/* A number apart from its sign: mantissa * 2^exponent. */
struct number {
    u128 mantissa;
    int exponent;
};

enum {
    CHUNK = 1000000000, /* digits are made nine at a time */
    CHUNK_DIGITS = 9,
    /* Words of 32 bits, and chunks, of the largest long double; of its smallest fraction too. */
    WORDS = (LDBL_MAX_EXP + LDBL_MANT_DIG) / 32 + 4,
    CHUNKS = LDBL_MAX_10_EXP / CHUNK_DIGITS + 2,
    /* Digits to look at: one more than are asked for decides how to round. */
    DIGITS = LDTOA_MAX_DIG + 1 + CHUNK_DIGITS,
};

/* The first digits of a number, from the first that is not 0. */
struct digits {
    char digits[DIGITS];
    int count;
    int exponent; /* of ten, of the first digit */
    bool more;    /* whether anything but zeros follows */
};

/* Takes the next nine digits; `exponent` is that of the first of them. */
static void add(struct digits *out, uint32_t chunk, int exponent) {
    uint32_t unit = CHUNK / 10;
    for (int i = 0; i < CHUNK_DIGITS; i++, unit /= 10) {
        int digit = chunk / unit % 10;
        if (out->count == 0 && digit == 0)
            continue;
        if (out->count == 0)
            out->exponent = exponent - i;
        if (out->count < DIGITS)
            out->digits[out->count++] = digit;
        else
            out->more |= digit != 0;
    }
}

/* Stores `value` * 2^`shift` in `words`, the least significant first; the count of words. */
static int store(uint32_t *words, u128 value, int shift) {
    int count = 0;
    for (; count < shift / 32; count++)
        words[count] = 0;
    words[count++] = (uint32_t)value << shift % 32;
    value >>= 32 - shift % 32;
    for (; value != 0; value >>= 32)
        words[count++] = value;
    return count;
}

/* The digits in front of the point. */
static void add_integer(struct digits *out, u128 value, int shift) {
    uint32_t words[WORDS], chunks[CHUNKS];
    int count = store(words, value, shift), made = 0;
    while (count > 0) {
        uint64_t rest = 0;
        for (int i = count; i-- > 0;) {
            rest = rest << 32 | words[i];
            words[i] = rest / CHUNK;
            rest %= CHUNK;
        }
        chunks[made++] = rest;
        while (count > 0 && words[count - 1] == 0)
            count--;
    }
    while (made-- > 0)
        add(out, chunks[made], made * CHUNK_DIGITS + CHUNK_DIGITS - 1);
}

/* The digits of `value` / 2^`bits`, which is less than 1, until there are enough. */
static void add_fraction(struct digits *out, u128 value, int bits) {
    uint32_t words[WORDS];
    int places = (bits + 31) / 32, exponent = -1, first = 0;
    int count = store(words, value, places * 32 - bits);
    for (; first < count && out->count < DIGITS; exponent -= CHUNK_DIGITS) {
        while (first < count && words[first] == 0)
            first++; /* nothing is carried out of zeros */
        uint64_t carry = 0;
        for (int i = first; i < count; i++) {
            carry += (uint64_t)words[i] * CHUNK;
            words[i] = carry;
            carry >>= 32;
        }
        if (count < places) {
            words[count++] = carry;
            carry = 0;
        }
        add(out, carry, exponent);
    }
    for (; first < count; first++)
        out->more |= words[first] != 0;
}

static void expand(struct digits *out, struct number number) {
    *out = (struct digits){ .count = 0 };
    if (number.exponent >= 0) {
        add_integer(out, number.mantissa, number.exponent);
        return;
    }
    int bits = -number.exponent;
    u128 integer = bits < 128 ? number.mantissa >> bits : 0;
    add_integer(out, integer, 0);
    add_fraction(out, bits < 128 ? number.mantissa - (integer << bits) : number.mantissa, bits);
}

/* Whether to round up what is cut off after `kept` digits. */
static bool rounds_up(const struct digits *digits, int kept) {
    if (kept >= digits->count)
        return false;
    bool more = digits->more;
    for (int i = kept + 1; i < digits->count; i++)
        more |= digits->digits[i] != 0;
    int next = digits->digits[kept];
    bool odd = kept > 0 && digits->digits[kept - 1] % 2 != 0;
    return next > 5 || (next == 5 && (more || odd));
}

/* Writes at most `max_digits` digits, in `fixed` mode none below 10^-`max_decimals`. */
static int convert(struct number number, struct dtoa *out, int max_digits, bool fixed,
                   int max_decimals) {
    struct digits digits;
    expand(&digits, number);
    int kept = max_digits;
    if (fixed && max_decimals + digits.exponent + 1 < kept)
        kept = max_decimals + digits.exponent + 1;
    if (fixed && max_decimals < 0 && kept < 1)
        kept = 1; /* fcvt asks for digits in front of the point */
    bool up = kept >= 0 && rounds_up(&digits, kept);
    if (kept > digits.count)
        kept = digits.count;
    if (kept < 0)
        kept = 0;
    while (up && kept > 0 && digits.digits[kept - 1] == 9)
        kept--;
    out->exp = digits.exponent;
    if (up && kept == 0) {
        out->digits[0] = '1';
        out->exp++;
        return 1;
    }
    for (int i = 0; i < kept; i++)
        out->digits[i] = '0' + digits.digits[i] + (up && i == kept - 1);
    return kept;
}

/* What no digits are needed for: infinities, what is no number, and 0. */
static int special(struct dtoa *out, uint8_t flag) {
    out->flags |= flag;
    out->exp = 0;
    out->digits[0] = '0';
    return flag == DTOA_ZERO;
}

int __dtoa_engine(uint64_t bits, struct dtoa *out, int max_digits, bool fixed,
                  int max_decimals) {
    const int stored = DBL_MANT_DIG - 1, top = 2 * DBL_MAX_EXP - 1;
    uint64_t mantissa = bits & (((uint64_t)1 << stored) - 1);
    int exponent = bits >> stored & top;
    out->flags = bits >> 63 ? DTOA_MINUS : 0;
    if (exponent == top)
        return special(out, mantissa != 0 ? DTOA_NAN : DTOA_INF);
    if (exponent != 0)
        mantissa |= (uint64_t)1 << stored;
    else if (mantissa == 0)
        return special(out, DTOA_ZERO);
    else
        exponent = 1;
    struct number number = { mantissa, exponent - (DBL_MAX_EXP - 1) - stored };
    return convert(number, out, max_digits, fixed, max_decimals);
}

int __ldtoa_engine(long double value, struct dtoa *out, int max_digits, bool fixed,
                   int max_decimals) {
    /* binary128 leaves out the mantissa's first bit, x87's format does not. */
    const int stored = LDBL_MANT_DIG == 64 ? 64 : LDBL_MANT_DIG - 1;
    const int top = 2 * LDBL_MAX_EXP - 1;
    u128 bits = 0;
    memcpy(&bits, &value, LDBL_MANT_DIG == 64 ? 10 : sizeof bits);
    u128 mantissa = bits & (((u128)1 << stored) - 1);
    int exponent = bits >> stored & top;
    out->flags = bits >> stored & (top + 1) ? DTOA_MINUS : 0;
    if (exponent == top) {
        const u128 first = stored == 64 ? (u128)1 << 63 : 0; /* x87 sets it for infinity */
        return special(out, mantissa != first ? DTOA_NAN : DTOA_INF);
    }
    if (exponent == 0 && mantissa == 0)
        return special(out, DTOA_ZERO);
    if (exponent == 0)
        exponent = 1;
    else if (stored != 64)
        mantissa |= (u128)1 << stored;
    struct number number = { mantissa, exponent - (LDBL_MAX_EXP - 1) - (LDBL_MANT_DIG - 1) };
    return convert(number, out, max_digits, fixed, max_decimals);
}
