// Thread-local code that compilers seldom write.
    .text
    .globl start
start:
    // Initial-exec: each instruction that has another form, and those that have none.
    movq far@GOTTPOFF(%rip), %rax
    movq far@GOTTPOFF(%rip), %r12
    addq far@GOTTPOFF(%rip), %rdx
    addq far@GOTTPOFF(%rip), %r13
    addq far@GOTTPOFF(%rip), %rsp
    addq far@GOTTPOFF(%rip), %r12
    movq far@GOTTPOFF(%rip), %r16
    movq far@GOTTPOFF(%rip), %r30
    addq far@GOTTPOFF(%rip), %r20
    addq far@GOTTPOFF(%rip), %r9, %r24
    addq %r17, far@GOTTPOFF(%rip), %r28
    addq %rax, far@GOTTPOFF(%rip), %rbx
    {nf} addq far@GOTTPOFF(%rip), %r20 // ld.lld 22 makes r23 of r31
    // Descriptors.
    leaq far@TLSDESC(%rip), %rax
    call *far@TLSCALL(%rax)
    leaq near@TLSDESC(%rip), %rax
    call *near@TLSCALL(%rax)
    leaq far@TLSDESC(%rip), %r16
    leaq far@TLSDESC(%rip), %r27
    // Local-dynamic, and its offsets.
    leaq near@TLSLD(%rip), %rdi
    call __tls_get_addr@PLT
    leaq near@DTPOFF(%rax), %rdx
    leaq far+8@DTPOFF(%rax), %rdx
    movabsq $far@DTPOFF, %rdx
    leaq near@TLSLD(%rip), %rdi
    call *__tls_get_addr@GOTPCREL(%rip)
    // General-dynamic.
    .byte 0x66
    leaq far@TLSGD(%rip), %rdi
    .word 0x6666
    rex64
    call __tls_get_addr@PLT
    .byte 0x66
    leaq near@TLSGD(%rip), %rdi
    .byte 0x66
    rex64
    call *__tls_get_addr@GOTPCREL(%rip)
    // Local-exec.
    movq %fs:far@TPOFF, %rax
    movabsq $near@TPOFF, %rax
    ret
    .data
    .quad far@TPOFF

    .section .tdata, "awT", @progbits
    .balign 8
near:
    .quad 1
    .section .tbss, "awT", @nobits
    .zero 0x12340
far:
    .zero 16
