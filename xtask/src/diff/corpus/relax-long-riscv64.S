# A text that is longer than JAL reaches: calls at the ends of what it reaches, with calls between
# that get shorter (RISC-V ELF psABI, "Function call relaxation").
    .option relax
#include "there_and_back.h"

    .section .text.calls, "ax", @progbits
calls:
    .irp bytes, 0xfffea, 0xffff0, 0xffff2, 0xffff4, 0xffff6, 0xffff8, 0xffffa, 0xffffc
    there_and_back call, \bytes, 2
    .endr
near:
    ret
