// Each field holds its limit, or with -DBEYOND=N the Nth field holds one step more.
#ifndef BEYOND
#define BEYOND 0
#endif
        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm
        // Sets `step` to what the Nth field goes beyond its limit by.
        .macro limit number, by
        .set step, 0
        .if BEYOND == \number
        .set step, \by
        .endif
        .endm

        .section .text.short, "ax", @progbits
        .globl short_limit_back, short_limit
short_limit_back:
        mov $1, %eax
        ret
        .skip 128 - 12
        limit 1, 1
        .skip step
function short_backward
        mov %edi, %ecx
        mov %edi, %eax
        jrcxz short_limit_back // ends 128 bytes behind its target
        ret
function short_forward
        limit 2, 1
        mov %edi, %ecx
        mov %edi, %eax
        jrcxz short_limit
        ret
        .skip 127 - 1 + step
short_limit:
        mov $1, %eax
        ret

        .text
        limit 3, 1
        .globl limit_signed
        .set limit_signed, 0x7fffffff + step
        limit 4, 1
        .globl limit_signed_low
        .set limit_signed_low, -0x80000000 - step
        limit 5, 1
        .globl limit_unsigned
        .set limit_unsigned, 0xffffffff + step
        limit 6, 1
        .globl limit_byte
        .set limit_byte, 255 + step
        limit 7, 1
        .globl limit_byte_low
        .set limit_byte_low, -128 - step
        limit 8, 1
        .globl limit_half
        .set limit_half, 65535 + step
        limit 9, 1
        .globl limit_half_low
        .set limit_half_low, -32768 - step
function signed_largest
        mov $0, %rax
        .reloc . - 4, R_X86_64_32S, limit_signed
        ret
function signed_smallest
        mov $0, %rax
        .reloc . - 4, R_X86_64_32S, limit_signed_low
        ret
function unsigned_largest
        mov $0, %eax
        .reloc . - 4, R_X86_64_32, limit_unsigned
        ret

        .section .rodata, "a", @progbits
        .globl half_largest, half_smallest, half_distance, byte_largest, byte_smallest
        .globl limit_distance
        .balign 2
half_largest:
        .reloc ., R_X86_64_16, limit_half
        .short 0
half_smallest:
        .reloc ., R_X86_64_16, limit_half_low
        .short 0
half_distance:
        limit 10, 1
        .reloc ., R_X86_64_PC16, limit_distance
        .short 0
        .skip 32767 - 2 + step
limit_distance:
        .byte 0
byte_largest:
        .reloc ., R_X86_64_8, limit_byte
        .byte 0
byte_smallest:
        .reloc ., R_X86_64_8, limit_byte_low
        .byte 0
        .section .note.GNU-stack, "", @progbits
