# One entry for each of the 256 vectors, 16 bytes each. An entry makes the stack look the same
# whether or not the processor pushed an error code, adds the number of the vector, and goes on
# to Rust. Nothing is saved: no exception returns, but for the NMI.

.set HAS_ERROR_CODE, 0x60227d00      # vectors 8, 10 to 14, 17, 21, 29, 30

.section .text.vectors, "ax", @progbits
    .balign 16
exception_vectors:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector >= 32
    pushq $0
    .elseif !((HAS_ERROR_CODE >> vector) & 1)
    pushq $0
    .endif
    pushq $vector
    jmp exception_entry
    .set vector, vector + 1
    .endr
    .balign 16

exception_entry:
    cmpq $2, (%rsp)
    je interrupt_entry
    movq %rsp, %rdi
    cld
    xorl %ebp, %ebp
    andq $-16, %rsp
    call {handle}
    ud2

# Keeps what a call may change; the image's own code leaves vector registers alone. The stack is its
# own and empty, so the nine words here and the seven before them make it aligned.
interrupt_entry:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    leaq 72(%rsp), %rdi
    cld
    call {interrupt}
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp                   # the number of the vector, and the word before it
    iretq
.text
