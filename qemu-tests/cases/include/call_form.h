// By which way a call goes, read off its instruction, and off the stub's where it has one.
#ifndef CALL_FORM_H
#define CALL_FORM_H

#include "case.h"

enum call_form {
    CALL_NONE,        // no branch of the function ends at the target
    CALL_ITSELF,      // the call's own instruction gets there
    STUB_BY_DISTANCE, // through a stub that adds a distance to its own address
    STUB_BY_SLOT,     // through a stub that loads the address from the GOT
};

static uint32_t word_at(uintptr_t at) {
    const volatile uint8_t *byte = (const volatile uint8_t *)at;
    return byte[0] | byte[1] << 8 | byte[2] << 16 | (uint32_t)byte[3] << 24;
}

static enum call_form ends_at(uintptr_t target, uintptr_t to, enum call_form form) {
    return to == target ? form : CALL_NONE;
}

#if defined(__aarch64__)

static enum call_form stub_form(uintptr_t stub, uintptr_t target) {
    uint32_t adrp = word_at(stub), second = word_at(stub + 4);
    if ((adrp & 0x9f00001f) != 0x90000010 || word_at(stub + 8) != 0xd61f0200) // adrp x16; br x16
        return CALL_NONE;
    int64_t pages = (int64_t)((uint64_t)(adrp >> 5 & 0x7ffff) << 45) >> 43 | (adrp >> 29 & 3);
    uintptr_t page = (stub & ~(uintptr_t)0xfff) + (uintptr_t)(pages << 12);
    uintptr_t low = second >> 10 & 0xfff;
    if ((second & 0xffc003ff) == 0x91000210) // add x16, x16, low
        return ends_at(target, page + low, STUB_BY_DISTANCE);
    if ((second & 0xffc003ff) == 0xf9400210) // ldr x16, [x16, low]
        return ends_at(target, *(uintptr_t *)(page + low * 8), STUB_BY_SLOT);
    return CALL_NONE;
}

// Where the branch at `at` goes; 0 where there is none. `*size` is the instruction's.
static uintptr_t branch_target(uintptr_t at, int *size) {
    uint32_t word = word_at(at);
    *size = word == 0xd65f03c0 ? 0 : 4; // nothing is behind a RET
    if ((word & 0x7c000000) != 0x14000000)
        return 0;
    return at + (uintptr_t)((int64_t)((uint64_t)word << 38) >> 36);
}

#elif defined(__riscv)

static uintptr_t high_and_low(uintptr_t at, uint32_t auipc, uint32_t low) {
    return at + (uintptr_t)(int64_t)(int32_t)(auipc & 0xfffff000) + (uintptr_t)((int32_t)low >> 20);
}

static enum call_form stub_form(uintptr_t stub, uintptr_t target) {
    uint32_t auipc = word_at(stub), second = word_at(stub + 4);
    uintptr_t to = high_and_low(stub, auipc, second);
    if ((auipc & 0xfff) != 0xe17) // auipc t3
        return CALL_NONE;
    if ((second & 0xfffff) == 0x000e0067) // jr low(t3)
        return ends_at(target, to, STUB_BY_DISTANCE);
    if ((second & 0xfffff) == 0x000e3e03 && word_at(stub + 8) == 0x000e0067) // ld t3; jr t3
        return ends_at(target, *(uintptr_t *)to, STUB_BY_SLOT);
    return CALL_NONE;
}

static uintptr_t branch_target(uintptr_t at, int *size) {
    uint32_t word = word_at(at), next = word_at(at + 4);
    *size = (word & 3) == 3 ? 4 : 2;
    if ((word & 0xffff) == 0x8082 || word == 0x00008067) // nothing is behind a RET
        *size = 0;
    if ((word & 0x7f) == 0x6f) // jal
        return at + (uintptr_t)((int64_t)((int32_t)word >> 31) << 20 | (word & 0xff000) |
                                (word >> 9 & 0x800) | (word >> 20 & 0x7fe));
    if ((word & 0xe003) == 0xa001) // c.j, where the code was relaxed
        return at + (uintptr_t)((int64_t)((uint64_t)word << 51) >> 63 << 11 | (word >> 7 & 0x10) |
                                (word >> 1 & 0x300) | (word << 2 & 0x400) | (word >> 1 & 0x40) |
                                (word << 1 & 0x80) | (word >> 2 & 0xe) | (word << 3 & 0x20));
    if ((word & 0x7f) != 0x17 || (next & 0x707f) != 0x67 || (next >> 15 & 31) != (word >> 7 & 31))
        return 0;
    return high_and_low(at, word, next) & ~(uintptr_t)1; // auipc, jalr by the same register
}

#else

static uintptr_t relative(uintptr_t field) {
    return field + 4 + (uintptr_t)(int64_t)(int32_t)word_at(field);
}

static enum call_form stub_form(uintptr_t stub, uintptr_t target) {
    uint32_t word = word_at(stub);
    if ((word & 0xff) == 0xe9) // jmp
        return ends_at(target, relative(stub + 1), STUB_BY_DISTANCE);
    if ((word & 0xffff) == 0x25ff) // jmp *slot(%rip)
        return ends_at(target, *(uintptr_t *)relative(stub + 2), STUB_BY_SLOT);
    return CALL_NONE;
}

// Goes by bytes: what only looks like a branch does not end at the target.
static uintptr_t branch_target(uintptr_t at, int *size) {
    uint32_t word = word_at(at);
    *size = 1;
    return (word & 0xfe) == 0xe8 ? relative(at + 1) : 0; // call, jmp
}

#endif

// No text is longer, but where a case says otherwise.
#ifndef NEAR
#define NEAR ((uintptr_t)32 << 20)
#endif

// The way from the first branch in `function` that ends at `target`.
static enum call_form form_of_call(const void *function, uintptr_t target) {
    uintptr_t at = (uintptr_t)function;
    int size = 0;
    for (uintptr_t end = at + 96; at < end; at += (uintptr_t)size) {
        uintptr_t to = branch_target(at, &size);
        enum call_form form = to == 0 ? CALL_NONE : ends_at(target, to, CALL_ITSELF);
        // A stub is memory of the module's own text.
        if (to != 0 && form == CALL_NONE && to - at + NEAR / 2 < NEAR)
            form = stub_form(to, target);
        if (form != CALL_NONE)
            return form;
        if (size == 0)
            break;
    }
    return CALL_NONE;
}

#endif
