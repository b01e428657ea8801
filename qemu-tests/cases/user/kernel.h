// Where the kernel is, and its ways in, as nobody but a test needs them.
#ifndef KERNEL_H
#define KERNEL_H

#include "../include/case.h"

// An address of the image's code, by the linker scripts; data lie behind it.
#if defined __x86_64__
#define KERNEL_TEXT ((uintptr_t)0x100000)
#elif defined __aarch64__
#define KERNEL_TEXT ((uintptr_t)0x40200000)
#else
#define KERNEL_TEXT ((uintptr_t)0x200000)
#endif

// A call through the kernel's gate by its number, past the gate's stubs.
static inline uint64_t trap(uint64_t number, uint64_t argument) {
#if defined __x86_64__
    uint64_t result = number;
    __asm__ volatile("int $0x80"
                     : "+a"(result), "+D"(argument)
                     :
                     : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
#elif defined __aarch64__
    register uint64_t x16 __asm__("x16") = number;
    register uint64_t x0 __asm__("x0") = argument;
    __asm__ volatile("svc #0"
                     : "+r"(x0), "+r"(x16)
                     :
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x17", "x18", "x30", "memory", "cc");
    return x0;
#else
    register uint64_t t0 __asm__("t0") = number;
    register uint64_t a0 __asm__("a0") = argument;
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(t0)
                     :
                     : "ra", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
                       "memory");
    return a0;
#endif
}

#endif
