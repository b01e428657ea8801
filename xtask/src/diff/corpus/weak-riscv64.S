// Addresses of an undefined weak symbol, beside others, in code out of whose reach 0 lies.
        .option norvc
        .option norelax
        .text
        .globl start
start:
        lla a0, absent
1:      auipc t6, %pcrel_hi(absent + 0x12345)
        addi t6, t6, %pcrel_lo(1b)
        lb a1, %pcrel_lo(1b)(t6)
        sw a2, %pcrel_lo(1b)(t6)
2:      auipc s11, %pcrel_hi(absent - 0x1800)
        sd a3, %pcrel_lo(2b)(s11)
        la a4, absent
        lui a5, %hi(absent)
        addi a5, a5, %lo(absent)
        call absent
        lla a6, start
        ret
        .weak absent
        .data
        .dword absent
        .dword absent + 8
