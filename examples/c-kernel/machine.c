#include "machine.h"

/* QEMU's `virt`: a 16550 for output, and the device that ends QEMU. */
#define UART ((volatile uint8_t *)0x10000000)
#define UART_LINE_STATUS 5
#define UART_CAN_SEND 0x20
#define FINISHER ((volatile uint32_t *)0x100000)
#define FINISHER_PASS 0x5555
#define FINISHER_FAIL 0x3333

void print(const char *text)
{
    for (; *text; text++) {
        while (!(UART[UART_LINE_STATUS] & UART_CAN_SEND))
            ;
        UART[0] = (uint8_t)*text;
    }
}

void print_number(uint64_t number)
{
    char digits[21];
    char *at = &digits[20];
    *at = 0;
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    print(at);
}

_Noreturn void power_off(unsigned code)
{
    *FINISHER = code == 0 ? FINISHER_PASS : FINISHER_FAIL | code << 16;
    for (;;)
        ;
}

void kernel_trap(uint64_t cause, uint64_t at);

void kernel_trap(uint64_t cause, uint64_t at)
{
    print("trap ");
    print_number(cause);
    print(" at ");
    print_number(at);
    print("\n");
    power_off(2);
}
