/* Printing through the kernel. */
#ifndef PRINT_H
#define PRINT_H

#include <stdint.h>

void print(const char *text);
void print_number(uint32_t number);

#endif
