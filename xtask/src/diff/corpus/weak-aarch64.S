// Addresses of an undefined weak symbol, beside others, in code out of whose reach 0 lies.
        .text
        .globl start
start:
        adrp x0, absent
        add x0, x0, :lo12:absent
        adrp x30, absent + 0xf234
        add x30, x30, :lo12:absent + 0xf234
        adrp x17, absent - 0x1000
        ldr w2, [x17, :lo12:absent - 0x1000]
        adrp x3, :pg_hi21_nc:absent
        adr x4, absent
        adr x29, absent + 0x1235
        adr x5, absent - 1
        adrp x6, :got:absent
        ldr x6, [x6, :got_lo12:absent]
        bl absent
        cbz x0, 1f
        b absent
1:      adrp x0, start
        add x0, x0, :lo12:start
        adr x1, start
        movz x7, #:abs_g3:absent
        movk x7, #:abs_g0_nc:absent
        ret
        .weak absent
        .data
        .xword absent
        .xword absent + 8
        .xword absent - .
