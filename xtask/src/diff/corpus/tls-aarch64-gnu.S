// Thread-local code that compilers seldom write, in the forms that GNU ld alone knows.
    .text
    .globl start
start:
    // General-dynamic, in the small and the tiny code model.
    adrp x0, :tlsgd:far
    add x0, x0, :tlsgd_lo12:far
    bl __tls_get_addr
    nop
    adr x0, :tlsgd:far
    bl __tls_get_addr
    nop
    // Local-dynamic, in both.
    adrp x0, :tlsldm:far
    add x0, x0, :tlsldm_lo12_nc:far
    bl __tls_get_addr
    nop
    adr x0, :tlsldm:far
    bl __tls_get_addr
    nop
    // Offsets in the block.
    movz x0, #:dtprel_g2:far
    movk x0, #:dtprel_g1_nc:far
    movk x0, #:dtprel_g0_nc:far
    movz x0, #:dtprel_g1:far
    movz x0, #:dtprel_g0:near
    add x0, x0, #:dtprel_hi12:far, lsl #12
    add x0, x0, #:dtprel_lo12_nc:far
    add x0, x0, #:dtprel_lo12:near
    ldrb w0, [x0, #:dtprel_lo12:near]
    ldrb w0, [x0, #:dtprel_lo12_nc:far]
    ldrh w0, [x0, #:dtprel_lo12:near]
    ldrh w0, [x0, #:dtprel_lo12_nc:far]
    ldr w0, [x0, #:dtprel_lo12:near]
    ldr w0, [x0, #:dtprel_lo12_nc:far]
    ldr x0, [x0, #:dtprel_lo12:near]
    ldr x0, [x0, #:dtprel_lo12_nc:far]
    // Local-exec, checked.
    add x0, x0, #:tprel_lo12:near
    ldrb w0, [x0, #:tprel_lo12:near]
    ldrh w0, [x0, #:tprel_lo12:near]
    ldr w0, [x0, #:tprel_lo12:near]
    ldr x0, [x0, #:tprel_lo12:near]
    // Descriptors, in the tiny code model.
    ldr x1, :tlsdesc:far
    adr x0, :tlsdesc:far
    .tlsdesccall far
    blr x1
    ret

    .section .tdata, "awT"
    .balign 16
    .quad 0
near:
    .quad 1
    .section .tbss, "awT", @nobits
    .balign 16
    .zero 0x12340
far:
    .zero 16
