// One function for each way to reach `target_value`, `target_function` and `kernel_test_far`.
        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm

        .text
function load_abs64
        movabs $target_value, %rax
        mov (%rax), %eax
        ret
function load_abs32
        mov $target_value, %eax
        mov (%rax), %eax
        ret
function load_abs32s
        mov $target_value, %rax
        mov (%rax), %eax
        ret
function load_pc32
        mov target_value(%rip), %eax
        ret
// An immediate after the displacement: the addend is not -4.
function load_after
        cmpl $42, target_value(%rip)
        mov $0, %eax
        cmove target_value(%rip), %eax
        ret
function call_plt
        sub $8, %rsp
        call target_function@PLT
        add $8, %rsp
        inc %eax
        ret
// A call without @PLT, as older assemblers wrote it.
function call_pc32
        sub $8, %rsp
        .byte 0xe8
        .long target_function - . - 4
        add $8, %rsp
        add $2, %eax
        ret
function jump_plt
        jmp target_function@PLT
function jump_conditional
        test %edi, %edi
        je target_function
        mov %edi, %eax
        ret
function jump_short
        mov %edi, %ecx
        jrcxz short_target
        mov %edi, %eax
        ret
function short_target
        mov $77, %eax
        ret

// Through the GOT: a linker may rewrite these where the target is in range, and must not change
// what they compute.
function got_mov
        mov target_value@GOTPCREL(%rip), %rax
        ret
function got_mov_32
        mov target_value@GOTPCREL(%rip), %eax
        ret
function got_call
        sub $8, %rsp
        call *target_function@GOTPCREL(%rip)
        add $8, %rsp
        inc %eax
        ret
function got_jump
        jmp *target_function@GOTPCREL(%rip)
function got_add
        mov %rdi, %rax
        add target_value@GOTPCREL(%rip), %rax
        ret
function got_sub
        mov %rdi, %r9
        sub target_value@GOTPCREL(%rip), %r9
        mov %r9, %rax
        ret
function got_xor
        mov %rdi, %rax
        xor target_value@GOTPCREL(%rip), %rax
        ret
function got_and
        mov %rdi, %r10
        and target_value@GOTPCREL(%rip), %r10
        mov %r10, %rax
        ret
function got_compare
        xor %eax, %eax
        cmp target_value@GOTPCREL(%rip), %rdi
        sete %al
        ret
function got_test
        xor %eax, %eax
        test %rdi, target_value@GOTPCREL(%rip)
        setne %al
        ret
// Not one of the forms that may be rewritten, and with an immediate behind.
function got_is_zero
        xor %eax, %eax
        cmpq $0, target_value@GOTPCREL(%rip)
        sete %al
        ret
function got_push
        pushq target_value@GOTPCREL(%rip)
        pop %rax
        ret

// The same for what is too far away to be rewritten.
function far_got_mov
        mov kernel_test_far@GOTPCREL(%rip), %rax
        ret
function far_got_add
        mov %rdi, %rax
        add kernel_test_far@GOTPCREL(%rip), %rax
        ret
function far_got_push
        pushq kernel_test_far@GOTPCREL(%rip)
        pop %rax
        ret
function far_got_compare
        xor %eax, %eax
        cmp kernel_test_far@GOTPCREL(%rip), %rdi
        sete %al
        ret
function far_got_call
        sub $8, %rsp
        call *kernel_test_far@GOTPCREL(%rip)
        add $8, %rsp
        inc %eax
        ret
function far_got_jump
        jmp *kernel_test_far@GOTPCREL(%rip)

        .section .rodata, "a", @progbits
        .globl byte_value, short_value, long_address, long_distance, distance, call_distance
        .globl far_address
        .balign 8
far_address:
        .quad kernel_test_far
long_distance:
        .quad target_value - .
long_address:
        .long target_value
distance:
        .long target_value + 8 - .
call_distance:
        .reloc ., R_X86_64_PLT32, target_function
        .long 0
short_value:
        .short absolute_short
byte_value:
        .byte absolute_byte

        .section .note.GNU-stack, "", @progbits
