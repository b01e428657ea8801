/* ALIAS(name, target): `name` is another name of the function `target`, whatever its
 * arguments are. A jump, and not an alias symbol, because the target is in another object. */
#pragma once

#if defined(__aarch64__)
#define JUMP(target) b target
#elif defined(__riscv)
#define JUMP(target) tail target
#elif defined(__x86_64__)
#define JUMP(target) jmp target@PLT
#endif

// clang-format off
#define ALIAS(name, target)               \
    .section .text.name, "ax", %progbits; \
    .balign 4;                            \
    .globl name;                          \
    .type name, %function;                \
name:                                     \
    JUMP(target);                         \
    .size name, . - name
// clang-format on

    .section .note.GNU-stack, "", %progbits
