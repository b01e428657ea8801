// Each function ends a page with its first instruction or its first two, but for the last one.

        .macro function name, at
        .section .text.\name, "ax", %progbits
        .p2align 12
        .space \at
        .globl \name
        .type \name, %function
\name:
        .endm

        function load, 0xff8
        adrp x3, variable
        str x1, [x0]
        ldr x0, [x3, :lo12:variable]
        ret

        function load_and_add, 0xffc
        adrp x3, variable
        str x1, [x0]
        add x4, x1, #1
        ldr x0, [x3, :lo12:variable]
        add x0, x0, x4
        ret

        function store, 0xffc
        adrp x3, stored
        ldr x4, [x0]
        str x1, [x3, :lo12:stored]
        mov x0, x4
        ret

        function load_near, 0xff8
        adrp x3, near
        str x1, [x0]
        ldr x0, [x3, :lo12:near]
        ret
        .p2align 3
near:   .quad 3000

        function load_elsewhere, 0xff4
        adrp x3, variable
        str x1, [x0]
        ldr x0, [x3, :lo12:variable]
        ret

// What would be such code, were it code.
        .section .text.data, "ax", %progbits
        .p2align 12
        .space 0xff8
        .globl data
data:   .4byte 0x90000003, 0xf9000001, 0xf9400060

        .section .note.GNU-stack, "", %progbits
