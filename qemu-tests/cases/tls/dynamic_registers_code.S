// struct asked ask(void): asks for the variable by its descriptor, with a pattern in each register.
        .text
        .globl ask
        .type ask, %function
#if defined(__aarch64__)
ask:
        stp x29, x30, [sp, #-160]!
        stp x19, x20, [sp, #16]
        stp x21, x22, [sp, #32]
        stp x23, x24, [sp, #48]
        stp x25, x26, [sp, #64]
        stp x27, x28, [sp, #80]
        stp d8, d9, [sp, #96]
        stp d10, d11, [sp, #112]
        stp d12, d13, [sp, #128]
        stp d14, d15, [sp, #144]
        .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29
        mov x\n, #(\n * 0x101)
        .endr
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        mov x0, #(\n + 0x300)
        dup v\n\().2d, x0
        .endr
        adrp x0, :tlsdesc:asked_for
        ldr x1, [x0, :tlsdesc_lo12:asked_for]
        add x0, x0, :tlsdesc_lo12:asked_for
        mov x2, x1
        .tlsdesccall asked_for
        blr x1
        // x1 counts what has changed; each register that is needed has been looked at before.
        cmp x1, x2
        cset x1, ne
        .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29
        mov x2, #(\n * 0x101)
        cmp x\n, x2
        cinc x1, x1, ne
        .endr
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        mov x2, #(\n + 0x300)
        mov x3, v\n\().d[0]
        mov x4, v\n\().d[1]
        cmp x3, x2
        ccmp x4, x2, #0, eq
        cinc x1, x1, ne
        .endr
        mrs x2, tpidr_el0
        add x2, x2, x0
        mov x0, x1
        mov x1, x2
        ldp d14, d15, [sp, #144]
        ldp d12, d13, [sp, #128]
        ldp d10, d11, [sp, #112]
        ldp d8, d9, [sp, #96]
        ldp x27, x28, [sp, #80]
        ldp x25, x26, [sp, #64]
        ldp x23, x24, [sp, #48]
        ldp x21, x22, [sp, #32]
        ldp x19, x20, [sp, #16]
        ldp x29, x30, [sp], #160
        ret
#elif defined(__riscv)
ask:
        addi sp, sp, -224
        sd ra, 8(sp)
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
        sd s\n, (16 + 8 * \n)(sp)
        fsd fs\n, (112 + 8 * \n)(sp)
        .endr
        .irp n, 1,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        li x\n, (\n * 0x11)
        .endr
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        li t0, (\n + 0x300)
        fmv.d.x f\n, t0
        .endr
.Lhigh: auipc a0, %tlsdesc_hi(asked_for)
        ld t1, %tlsdesc_load_lo(.Lhigh)(a0)
        addi a0, a0, %tlsdesc_add_lo(.Lhigh)
        mv t2, t1
        jalr t0, 0(t1), %tlsdesc_call(.Lhigh)
        // a0 counts what has changed; each register that is needed has been looked at before.
        sd a0, 0(sp)
        xor a0, t1, t2
        snez a0, a0
        li t2, (7 * 0x11)
        .irp n, 1,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        li t0, (\n * 0x11)
        xor t0, t0, x\n
        snez t0, t0
        add a0, a0, t0
        .endr
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        li t0, (\n + 0x300)
        fmv.x.d t1, f\n
        xor t0, t0, t1
        snez t0, t0
        add a0, a0, t0
        .endr
        ld a1, 0(sp)
        add a1, a1, tp
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
        ld s\n, (16 + 8 * \n)(sp)
        fld fs\n, (112 + 8 * \n)(sp)
        .endr
        ld ra, 8(sp)
        addi sp, sp, 224
        ret
#else
ask:
        .irp r, rbx,rbp,r12,r13,r14,r15
        push %\r
        .endr
        .set pattern, 0
        .irp r, rbx,rcx,rdx,rsi,rdi,rbp,r8,r9,r10,r11,r12,r13,r14,r15
        .set pattern, pattern + 0x11
        mov $pattern, %\r
        .endr
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        mov $(\n + 0x300), %eax
        movq %rax, %xmm\n
        .endr
        // The stack is not at a multiple of 16 here, and need not be.
        lea asked_for@tlsdesc(%rip), %rax
        call *asked_for@tlscall(%rax)
        push %rax
        xor %eax, %eax
        .set pattern, 0
        .irp r, rbx,rcx,rdx,rsi,rdi,rbp,r8,r9,r10,r11,r12,r13,r14,r15
        .set pattern, pattern + 0x11
        cmp $pattern, %\r
        je 1f
        inc %eax
1:
        .endr
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
        movq %xmm\n, %rcx
        cmp $(\n + 0x300), %rcx
        je 1f
        inc %eax
1:
        .endr
        pop %rdx
        add %fs:0, %rdx
        .irp r, r15,r14,r13,r12,rbp,rbx
        pop %\r
        .endr
        ret
#endif
        .section .note.GNU-stack, "", %progbits
