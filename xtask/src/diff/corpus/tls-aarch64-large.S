// Thread-local code in the large code model, and a slot close to the code: GNU ld alone knows it.
    .text
    .globl start
start:
    // Descriptors.
    movz x0, #:tlsdesc_off_g1:far
    movk x0, #:tlsdesc_off_g0_nc:far
    .tlsdescldr far
    ldr x1, [x20, x0]
    .tlsdescadd far
    add x0, x20, x0
    .tlsdesccall far
    blr x1
    // Initial-exec.
    movz x0, #:gottprel_g1:near
    movk x0, #:gottprel_g0_nc:near
    ldr x0, :gottprel:near
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
