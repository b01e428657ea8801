/* The modules, as the compiler wrote them. A real kernel reads them from a disk, or a network. */
    .section .rodata.modules, "a"
    .macro module name, file
    .globl \name, \name\()_end
\name:
    .incbin "\file"
\name\()_end:
    .endm

    module blink, "blink.o"
    module lost, "lost.o"
