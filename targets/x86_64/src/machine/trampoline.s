# What the second hart does first: real mode, at the address that the first hart sends it to. `boot.s`
# copies this there. It goes on to the image itself, with paging off, and needs no memory but these
# bytes.

.set CR0_PE_ET, 0x11

.section .rodata.trampoline, "a", @progbits
.code16
trampoline:
    cli
    xorl %eax, %eax
    movw %ax, %ds
    lgdtl {address} + (trampoline_gdt_pointer - trampoline)
    movl $CR0_PE_ET, %eax
    movl %eax, %cr0
    ljmpl $16, $second_hart
    .balign 4
trampoline_gdt_pointer:
    .word boot_gdt_pointer - boot_gdt - 1
    .long boot_gdt
trampoline_end:
.code64
.text
