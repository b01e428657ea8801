# Code that linkers make shorter: RISC-V ELF psABI, "Linker relaxation".
    .option relax
    .globl low_end, low_start, above, below
low_end = 0x7ff
low_start = -0x800
above = 0x800
below = -0x801

# LUI pairs at the ends of what the low part makes alone, and behind them.
    .section .text.zero_page, "ax", @progbits
    .globl zero_page
zero_page:
    .irp symbol, low_end, low_start, above, below, nothing
    lui a0, %hi(\symbol)
    addi a0, a0, %lo(\symbol)
    lui a1, %hi(\symbol)
    lw a2, %lo(\symbol)(a1)
    sd a2, %lo(\symbol)(a1)
    .endr
    lui a0, %hi(low_end + 1)
    addi a0, a0, %lo(low_end + 1)
    lui a0, %hi(above - 1)
    addi a0, a0, %lo(above - 1)
    lla a3, nothing
    lb a4, nothing
    sb a4, nothing, a5
    lla a3, zero_page
    la a3, outside
    .option norelax
    lui a0, %hi(low_end)
    addi a0, a0, %lo(low_end)
    call zero_page
    .option relax
    ret
    .weak nothing

# Variables whose offset from the thread pointer is short, and not.
    .section .text.thread_local, "ax", @progbits
    .globl thread_local
thread_local:
    .irp variable, first, second, third
    lui a0, %tprel_hi(\variable)
    add a0, a0, tp, %tprel_add(\variable)
    addi a1, a0, %tprel_lo(\variable)
    lw a2, %tprel_lo(\variable)(a0)
    sw a2, %tprel_lo(\variable)(a0)
    .endr
# Descriptors, one sequence after the other: ld.lld 22 mixes up what is interleaved.
    .irp variable, first, second, third
.Ldescriptor_\variable:
    auipc a2, %tlsdesc_hi(\variable)
    ld a4, %tlsdesc_load_lo(.Ldescriptor_\variable)(a2)
    nop
    addi a0, a2, %tlsdesc_add_lo(.Ldescriptor_\variable)
    jalr t0, 0(a4), %tlsdesc_call(.Ldescriptor_\variable)
    mv a5, a0
    .endr
    ret
    .section .tdata, "awT", @progbits
    .globl first, second, third
first:
    .word 1
    .skip 0x7f8
second:
    .word 2
    .word 3
third:
    .word 4

# Calls and jumps at the ends of what the shorter forms reach; what lies between gets shorter, too.
#include "there_and_back.h"

    .section .text.jumps, "ax", @progbits
    .globl jumps, near
jumps:
    .irp bytes, 2026, 2028, 2030, 2032, 2034, 2036, 2038, 2040, 2042, 2044, 2046, 2048
    there_and_back tail, \bytes, 1
    there_and_back tail, \bytes, 0
    .endr
near:
    ret
# Alignment between a jump and where it goes.
    .section .text.aligned, "ax", @progbits
    .globl aligned
aligned:
    call near
    .balign 16
.Lup:
    tail .Ldown
    call outside
    .balign 64
    tail outside
    .irp symbol, there, beyond, elsewhere, anywhere, somewhere
    call \symbol
    tail \symbol
    .endr
    .balign 8
.Ldown:
    .skip 1990
    .balign 32
    tail .Lup
    call aligned
    .option norvc
    tail .Ldown
    .option rvc
    .balign 4
    ret

# Differences over code that gets shorter.
    .section .rodata, "a", @progbits
    .word near - jumps
    .word .Ldown - aligned
    .half near - jumps
    .uleb128 near - jumps
    .quad thread_local
