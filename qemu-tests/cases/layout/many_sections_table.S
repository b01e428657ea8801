// 66,000 sections of four bytes, each holding its number; a table of their addresses; then code,
// in a section whose own index needs the extended numbers.
        .section .data.rel.ro.table, "aw", %progbits
        .balign 8
        .globl many_table
many_table:
        .set number, 0
        .irp a, 0, 1, 2, 3, 4, 5
        .irp b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, x
        .irp c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .irp d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .irp e, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .section .rodata.\a\b\c\d\e, "a", %progbits
        .balign 4
.Lnumber\a\b\c\d\e:
        .long number
        .set number, number + 1
        .section .data.rel.ro.table
        .quad .Lnumber\a\b\c\d\e
        .endr
        .endr
        .endr
        .endr
        .endr

        .section .rodata.last, "a", %progbits
        .balign 4
        .globl last_value
last_value:
        .long number - 1

        .section .text.last, "ax", %progbits
        .globl beyond_the_last
        .type beyond_the_last, %function
beyond_the_last:
#if defined(__x86_64__)
        mov %edi, %eax
#endif
        ret
        .section .note.GNU-stack, "", %progbits
