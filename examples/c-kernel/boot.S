/* The first hart, in machine mode, as QEMU's `virt` starts it with `-bios none`. The others sleep. */
    .section .text.boot, "ax"
    .globl _start
_start:
    csrr    t0, mhartid
    bnez    t0, sleep
    la      t0, trap
    csrw    mtvec, t0
    li      t0, 0x2000              /* mstatus.FS: floating-point registers may be used */
    csrs    mstatus, t0
    la      sp, stack_end
    la      t0, bss_start
    la      t1, bss_end
clear:
    bgeu    t0, t1, run
    sd      zero, (t0)
    addi    t0, t0, 8
    j       clear
run:
    call    kernel_main
sleep:
    wfi
    j       sleep

    .balign 4
trap:
    la      sp, stack_end
    csrr    a0, mcause
    csrr    a1, mepc
    call    kernel_trap
