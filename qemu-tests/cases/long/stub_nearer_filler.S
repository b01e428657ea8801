// 12 MiB of text that take no room in the file.
        .section .text.filler, "ax", %nobits
        .skip 12 << 20
        .globl filler_end
filler_end:
        .section .note.GNU-stack, "", %progbits
