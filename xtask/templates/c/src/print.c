#include "print.h"

#include "kernel.h"

void print(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    kernel_write(text, length);
}

void print_number(uint32_t number) {
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    kernel_write(digits + at, sizeof digits - at);
}
