# One entry for each of the 256 vectors, 16 bytes each. An entry makes the stack look the same
# whether or not the processor pushed an error code, adds the number of the vector, and goes on
# to Rust. Nothing is saved: no exception returns.

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
    movq %rsp, %rdi
    cld
    xorl %ebp, %ebp
    andq $-16, %rsp
    call {handle}
    ud2
.text
