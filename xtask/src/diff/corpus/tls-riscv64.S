// Thread-local code that compilers seldom write.
    .option norelax
    .text
    .globl start
start:
    // Local-exec: loads and stores, small and large offsets.
    lui a0, %tprel_hi(far)
    add a0, a0, tp, %tprel_add(far)
    addi a0, a0, %tprel_lo(far)
    lw a1, %tprel_lo(far)(a0)
    sw a1, %tprel_lo(far)(a0)
    lui a0, %tprel_hi(near)
    add a0, a0, tp, %tprel_add(near)
    sd a1, %tprel_lo(near)(a0)
    // Initial-exec and general-dynamic.
    la.tls.ie a0, far
    la.tls.ie a0, near
    // Of other variables: GNU ld 2.40 mixes up the slots of one that has both.
    la.tls.gd a0, far_too
    la.tls.gd a0, near_too
    // Descriptors: an offset of 12 bits, and a larger one.
.Lnear:
    auipc a2, %tlsdesc_hi(near)
    ld a3, %tlsdesc_load_lo(.Lnear)(a2)
    addi a0, a2, %tlsdesc_add_lo(.Lnear)
    jalr t0, 0(a3), %tlsdesc_call(.Lnear)
.Lfar:
    auipc a2, %tlsdesc_hi(far)
    ld a3, %tlsdesc_load_lo(.Lfar)(a2)
    addi a0, a2, %tlsdesc_add_lo(.Lfar)
    jalr t0, 0(a3), %tlsdesc_call(.Lfar)
    ret

    .section .tdata, "awT"
    .balign 8
    .quad 0
near:
    .quad 1
near_too:
    .quad 2
    .section .tbss, "awT", @nobits
    .zero 0x12340
far:
    .zero 16
far_too:
    .zero 16
