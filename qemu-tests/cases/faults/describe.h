// What the image says of faults, and how to look for words in it.
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "../include/case.h"

// Calls a function and writes what the image says of its fault to `text`; returns how long that is.
size_t kernel_test_describe(int (*function)(int), int value, char *text, size_t size);

// Where `text` goes on behind the first `words` in it; null if they are not there.
static inline const char *behind(const char *text, const char *words) {
    for (; text && *text; text++) {
        size_t length = 0;
        while (words[length] && text[length] == words[length])
            length++;
        if (!words[length])
            return text + length;
    }
    return 0;
}

#endif
