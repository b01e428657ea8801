// Tables whose entries many objects add to.
#ifndef START_STOP_H
#define START_STOP_H

struct entry {
    struct entry *next; // that of the same object, or none
    int value;
};

#define PLACED(name) __attribute__((used, aligned(8), section(name)))
#define ENTRY(symbol, number) \
    PLACED("table") static struct entry symbol##_entries[2] = { \
        { &symbol##_entries[1], number }, { 0, (number) + 1 } }
#define CONSTANT(symbol, number) \
    __attribute__((used, section("constants"))) static const int symbol = number
#define ZERO(symbol) \
    __asm__(".pushsection zeros,\"aw\",%nobits\n" \
            ".balign 8\n" \
            ".zero 40\n" \
            ".popsection\n")

#endif
