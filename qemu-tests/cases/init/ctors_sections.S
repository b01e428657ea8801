        .section .ctors, "aw", %progbits
        .balign 8
        .quad ctor_a, ctor_b, ctor_c
        .section .ctors.65385, "aw", %progbits
        .balign 8
        .quad ctor_150
        .section .ctors.65235, "aw", %progbits
        .balign 8
        .quad ctor_300
        .section .dtors, "aw", %progbits
        .balign 8
        .quad dtor_a, dtor_b
        .section .dtors.65385, "aw", %progbits
        .balign 8
        .quad dtor_150
        .section .dtors.65235, "aw", %progbits
        .balign 8
        .quad dtor_300
        .section .note.GNU-stack, "", %progbits
