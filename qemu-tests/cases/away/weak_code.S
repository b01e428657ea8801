        .weak absent
        .text
        .globl absent_address
        .globl absent_address_plus_40
        .globl absent_address_other
#if defined(__aarch64__)
absent_address:
        adrp x0, absent
        add x0, x0, :lo12:absent
        ret
absent_address_plus_40:
        adrp x9, absent + 40
        add x0, x9, :lo12:absent + 40
        ret
absent_address_other:
        adr x0, absent
        ret
#elif defined(__riscv)
        .option norvc
        .option norelax // which would leave nothing of the AUIPC
absent_address:
        auipc a0, %pcrel_hi(absent)
        addi a0, a0, %pcrel_lo(absent_address)
        ret
absent_address_plus_40:
        auipc t1, %pcrel_hi(absent + 40)
        addi a0, t1, %pcrel_lo(absent_address_plus_40)
        ret
absent_address_other:
        lla a0, absent
        ret
#else
absent_address:
        lea absent(%rip), %rax
        ret
absent_address_plus_40:
        lea absent + 40(%rip), %r9
        mov %r9, %rax
        ret
absent_address_other:
        lea absent(%rip), %rdx
        mov %rdx, %rax
        ret
#endif
        .section .note.GNU-stack, "", %progbits
