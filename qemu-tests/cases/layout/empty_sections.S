        .section .data.empty, "aw", %progbits
        .globl empty_start
empty_start:
        .section .text.empty, "ax", %progbits
        .globl empty_text
empty_text:
        .section .bss.empty, "aw", %nobits
        .section .note.GNU-stack, "", %progbits
