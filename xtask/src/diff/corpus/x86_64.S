// The types that no compiler was seen to write.
        .text
        .globl types
        .type types, @function
types:
        // Each form that is relaxed, of what is here, there, outside, absent and absolute, with
        // low and high registers.
        .macro forms symbol
        mov \symbol@GOTPCREL(%rip), %eax
        mov \symbol@GOTPCREL(%rip), %rax
        mov \symbol@GOTPCREL(%rip), %r12
        call *\symbol@GOTPCREL(%rip)
        jmp *\symbol@GOTPCREL(%rip)
        test %rax, \symbol@GOTPCREL(%rip)
        test %r9, \symbol@GOTPCREL(%rip)
        test %ecx, \symbol@GOTPCREL(%rip)
        adc \symbol@GOTPCREL(%rip), %rax
        add \symbol@GOTPCREL(%rip), %r15
        and \symbol@GOTPCREL(%rip), %rbx
        cmp \symbol@GOTPCREL(%rip), %rdx
        or \symbol@GOTPCREL(%rip), %r8
        sbb \symbol@GOTPCREL(%rip), %rsi
        sub \symbol@GOTPCREL(%rip), %rdi
        xor \symbol@GOTPCREL(%rip), %r13
        xor \symbol@GOTPCREL(%rip), %edx
        mov \symbol@GOTPCREL(%rip), %r16
        mov \symbol@GOTPCREL(%rip), %r30
        test %r17, \symbol@GOTPCREL(%rip)
        cmp \symbol@GOTPCREL(%rip), %r29
        xor \symbol@GOTPCREL(%rip), %r20
        // These have no other form.
        imul \symbol@GOTPCREL(%rip), %r31
        push \symbol@GOTPCREL(%rip)
        imul \symbol@GOTPCREL(%rip), %rax
        mov %rax, \symbol@GOTPCREL(%rip)
        .endm
        forms types
        forms there
        forms data_there
        forms outside
        forms absent
        forms value32
        .weak absent

        movabs $data_there@GOT, %rax
        movabs $outside@GOT, %rcx
        movabs $data_there@GOTOFF, %rax
        movabs $there@PLTOFF, %rax
        mov data_there@GOT(%rbx), %eax
        ret

        .section .rodata, "a", @progbits
        .macro word type, symbol
        .reloc ., \type, \symbol
        .long 0
        .endm
        .macro quad type, symbol
        .reloc ., \type, \symbol
        .quad 0
        .endm
        .byte 1 // at odd offsets
        word R_X86_64_SIZE32, there
        word R_X86_64_SIZE32, data_there + 4
        quad R_X86_64_SIZE64, data_there - 1
        quad R_X86_64_PC64, data_there + 8
        quad R_X86_64_PC64, outside
        word R_X86_64_PLT32, there
        word R_X86_64_PLT32, types + 4
        word R_X86_64_GOTPCREL, data_there + 4
        word R_X86_64_GOTPCREL, absent - 4
        quad R_X86_64_64, absent + 4
        word R_X86_64_32, value32
        word R_X86_64_32S, value17
        .reloc ., R_X86_64_16, value16
        .short 0
        .reloc ., R_X86_64_PC16, near
        .short 0
near:
        // These have a symbol only because each relocation has one.
        word R_X86_64_GOTPC32, types
        quad R_X86_64_GOTPC64, types + 8
        quad R_X86_64_NONE, absent
