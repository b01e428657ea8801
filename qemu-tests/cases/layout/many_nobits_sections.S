        .section .data.rel.ro.many_nobits, "aw", %progbits
        .balign 8
        .globl many_nobits
many_nobits:
        .irp a, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .irp b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .irp c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .section .bss.n\a\b\c, "aw", %nobits
        .balign 16
.Lnobits\a\b\c:
        .zero 37
        .section .data.d\a\b\c, "aw", %progbits
        .byte 0xff
        .section .data.rel.ro.many_nobits
        .quad .Lnobits\a\b\c
        .endr
        .endr
        .endr
        .section .note.GNU-stack, "", %progbits
