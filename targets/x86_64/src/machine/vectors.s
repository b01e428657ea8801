# One entry for each vector, 8 bytes each. An entry leaves behind where it is, from which the number
# of the vector follows, and from that whether the processor pushed an error code; with what it pushed
# it goes on to Rust. No exception returns, but for the NMI: registers are noted for backtraces alone.

.set HAS_ERROR_CODE, 0x60227d00      # vectors 8, 10 to 14, 17, 21, 29, 30
.set NON_MASKABLE_INTERRUPT, 2
.set PUT_OFF, 0x2000                 # about a millisecond

.section .text.vectors, "ax", @progbits
    .balign 8
    .global exception_vectors
    .hidden exception_vectors
exception_vectors:
    .set vector, 0
    .rept {vectors}
    .balign 8
    .if vector == NON_MASKABLE_INTERRUPT
    jmp interrupt_entry
    .elseif vector == {timer}
    jmp timer_entry
    .else
    call exception_entry
    .endif
    .set vector, vector + 1
    .endr

    .global exception_entry
    .hidden exception_entry
exception_entry:
    .if {notes_registers}
    pushq %r15                       # by the numbers that DWARF has for them, from 15 down
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq $0                         # RSP, which the processor has pushed
    pushq %rbp
    pushq %rdi
    pushq %rsi
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rax
    movq %rsp, %rcx
    addq $128, %rsp
    .endif
    popq %rdi
    subq $exception_vectors, %rdi
    shrl $3, %edi
    xorl %esi, %esi
    cmpl $32, %edi
    jae 1f
    movl $HAS_ERROR_CODE, %eax
    btl %edi, %eax
    jnc 1f
    popq %rsi
1:  movq %rsp, %rdx
    .if {notes_registers}
    movq %rcx, %rsp                  # below them
    .endif
    cld
    xorl %ebp, %ebp
    andq $-16, %rsp
    call {handle}
    ud2

    .if {notes_registers}
# The timer, where a program's time is limited. What it interrupts is the image's own code, on the
# program's behalf: once more in a millisecond; or else the program.
timer_entry:
    movl $0, {end_of_interrupt}
    cmpq $__text_start, (%rsp)
    jb 1f
    cmpq $__text_end, (%rsp)
    jae 1f
    movl $PUT_OFF, {timer_count}
    iretq
1:  pushq $exception_vectors + 8 * {timer}
    jmp exception_entry
    .endif

# Keeps what a call may change; the image's own code leaves vector registers alone. The stack is its
# own and empty, so the nine words here and the five before them make it aligned.
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
    iretq
.text
