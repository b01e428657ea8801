/* The board, as far as it is needed: a console, and a way to switch it off. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

void print(const char *text);
void print_number(uint64_t number);
_Noreturn void power_off(unsigned code);

/* The bytes of code in memory are what is fetched from here on. With more than one hart, every one that
 * may run it has to do this. */
static inline void synchronise_instructions(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}

#endif
