// A member of an archive: ends the machine, by semihosting (SYS_EXIT).
    .text
    .globl finish
    .type finish, %function
finish:
    adrp x1, block
    add x1, x1, :lo12:block
    mov w0, #0x18
    hlt #0xf000
    ret
    .size finish, . - finish

    .section .rodata, "a", %progbits
    .balign 8
block:
    .xword 0x20026, 0
