// Addresses of an undefined weak symbol, beside others, in code out of whose reach 0 lies.
        .text
        .globl start
start:
        leaq absent(%rip), %rax
        leaq absent + 8(%rip), %rdi
        leaq absent - 5(%rip), %r12
        leaq absent(%rip), %rsp
        leaq absent + 0x12345678(%rip), %r13
        leaq start(%rip), %rbx
        movq absent@GOTPCREL(%rip), %rcx
        movabsq $absent, %rdx
        movl $absent, %esi
        call absent
        ret
        .weak absent
        .data
        .quad absent
        .quad absent + 8
        .quad absent - .
