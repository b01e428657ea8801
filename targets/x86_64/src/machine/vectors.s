# One entry for each vector, 8 bytes each. An entry leaves behind where it is, from which the number
# of the vector follows; then the stack is made to look the same whether or not the processor pushed
# an error code, with the number on top, and it goes on to Rust. Nothing is saved: no exception
# returns, but for the NMI.

.set HAS_ERROR_CODE, 0x60227d00      # vectors 8, 10 to 14, 17, 21, 29, 30
.set NON_MASKABLE_INTERRUPT, 2

.section .text.vectors, "ax", @progbits
    .balign 8
exception_vectors:
    .set vector, 0
    .rept {vectors}
    .balign 8
    .if vector == NON_MASKABLE_INTERRUPT
    jmp interrupt_entry
    .else
    call exception_entry
    .endif
    .set vector, vector + 1
    .endr

exception_entry:
    popq %rdi
    subq $exception_vectors, %rdi
    shrl $3, %edi
    movl $HAS_ERROR_CODE, %ecx
    cmpl $32, %edi
    jae 1f
    btl %edi, %ecx
    jc 2f
1:  pushq $0
2:  pushq %rdi
    movq %rsp, %rdi
    cld
    xorl %ebp, %ebp
    andq $-16, %rsp
    call {handle}
    ud2

# Keeps what a call may change; the image's own code leaves vector registers alone. The stack is its
# own and empty, so the nine words here and the seven before them make it aligned.
interrupt_entry:
    pushq $0
    pushq $NON_MASKABLE_INTERRUPT
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
