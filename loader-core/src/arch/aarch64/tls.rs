//! Thread-local code made local-exec: AAELF64, "Relocations for thread-local storage"; the
//! sequences are those of the ABI's "Relaxations" and of both GNU ld and ld.lld.

use super::encode;
use crate::arch::bits::{put, take};
use crate::arch::field::Field;
use crate::arch::local_exec::{LocalExec, Rewrite, Subject, Write, put_words};
use crate::arch::relocation::Range;
use object::elf;

const NOP: u64 = 0xd503_201f;
/// `mrs x0, tpidr_el0`
const MRS_X0: u64 = 0xd53b_d040;
/// `mrs x1, tpidr_el0`
const MRS_X1: u64 = 0xd53b_d041;
/// `add x0, x1, x0`
const ADD_X0_X1: u64 = 0x8b00_0020;

/// What MOVZ and MOVK can make.
const PAIR: Range = Range::unsigned(32);
/// What MOVZ and two MOVKs can.
const TRIPLE: Range = Range::unsigned(48);
/// What two ADDs can.
const ADDS: Range = Range::unsigned(24);

/// What becomes of a relocation at `at` in `code` where the offset is known.
pub(crate) fn local_exec(number: u32, code: &[u8], at: usize) -> LocalExec {
    match elf::RelocationType(number) {
        elf::R_AARCH64_TLSIE_ADR_GOTTPREL_PAGE21 => must(adrp_any(code, at), high_any, PAIR),
        elf::R_AARCH64_TLSIE_LD64_GOTTPREL_LO12_NC => must(load_same(code, at), low_any, PAIR),
        elf::R_AARCH64_TLSDESC_ADR_PAGE21 => must(adrp_x0(code, at), high_x0, PAIR),
        elf::R_AARCH64_TLSDESC_LD64_LO12 => must(load_from_x0(code, at), low_x0, PAIR),
        elf::R_AARCH64_TLSDESC_ADD_LO12 => must(add_x0(code, at), nop, PAIR),
        elf::R_AARCH64_TLSDESC_LD_PREL19 => must(tiny(code, Some(at)), high_x0, PAIR),
        elf::R_AARCH64_TLSDESC_ADR_PREL21 => must(tiny(code, at.checked_sub(4)), low_x0, PAIR),
        elf::R_AARCH64_TLSDESC_OFF_G1 => {
            let movz_x0 = word(code, at).is_some_and(|word| word & !0x1f_ffe0 == 0xd2a0_0000);
            must(movz_x0, bits_47_32, TRIPLE)
        }
        elf::R_AARCH64_TLSDESC_OFF_G0_NC => {
            let movk_x0 = word(code, at).is_some_and(|word| word & !0x1f_ffe0 == 0xf280_0000);
            must(movk_x0, bits_31_16, TRIPLE)
        }
        // ldr x1, [x, x0]; add x0, x, x0; blr x1
        elf::R_AARCH64_TLSDESC_LDR => must(
            word(code, at).is_some_and(|word| word & 0xffe0_fc00 == 0xf860_6800),
            low_x0,
            TRIPLE,
        ),
        elf::R_AARCH64_TLSDESC_ADD => {
            must(word(code, at).is_some_and(|word| word & 0xff20_001f == 0x8b00_0000), nop, PAIR)
        }
        elf::R_AARCH64_TLSDESC_CALL => {
            must(word(code, at).is_some_and(|word| word & 0xffff_fc1f == 0xd63f_0000), nop, PAIR)
        }
        // adrp x0, x; add x0, x0, x; bl __tls_get_addr; nop
        elf::R_AARCH64_TLSGD_ADR_PAGE21 if small(code, Some(at), true) => {
            may(Subject::Variable, None, high_x0, PAIR)
        }
        elf::R_AARCH64_TLSGD_ADD_LO12_NC if small(code, at.checked_sub(4), true) => {
            let write = |code: &mut [u8], at, x| {
                put_words(code, at, [low(0xf280_0000, x), MRS_X1, ADD_X0_X1])
            };
            may(Subject::Variable, Some(4), write, PAIR)
        }
        elf::R_AARCH64_TLSLD_ADR_PAGE21 if small(code, Some(at), false) => {
            may(Subject::None, None, |code, at, _| put_words(code, at, [MRS_X0]), ADDS)
        }
        elf::R_AARCH64_TLSLD_ADD_LO12_NC if small(code, at.checked_sub(4), false) => {
            may(Subject::Block, Some(4), |code, at, x| put_words(code, at, add_block(x)), ADDS)
        }
        // adr x0, x; bl __tls_get_addr; nop
        elf::R_AARCH64_TLSGD_ADR_PREL21 if tiny_call(code, at) => {
            let write = |code: &mut [u8], at, x| {
                let [high, low] = adds(x);
                put_words(code, at, [MRS_X1, high | 1 << 5, low]) // from x1
            };
            may(Subject::Variable, Some(4), write, ADDS)
        }
        elf::R_AARCH64_TLSLD_ADR_PREL21 if tiny_call(code, at) => {
            let write = |code: &mut [u8], at, x| {
                let [first, second] = add_block(x);
                put_words(code, at, [MRS_X0, first, second])
            };
            may(Subject::Block, Some(4), write, ADDS)
        }
        _ => LocalExec::Keep,
    }
}

/// A part of a sequence whose other parts are rewritten as well.
const fn must(is_there: bool, write: Write, range: Range) -> LocalExec {
    if is_there { may(Subject::Variable, None, write, range) } else { LocalExec::Refuse }
}

const fn may(subject: Subject, call: Option<u8>, write: Write, range: Range) -> LocalExec {
    LocalExec::Rewrite(Rewrite { subject, call, range, write })
}

fn word(code: &[u8], at: usize) -> Option<u32> {
    code.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn is(code: &[u8], at: usize, field: &Field, register: u32) -> bool {
    word(code, at).is_some_and(|word| field.accepts(word.into()) && word & 0x1f == register)
}

fn adrp_any(code: &[u8], at: usize) -> bool {
    word(code, at).is_some_and(|word| encode::ADRP.accepts(word.into()))
}

fn adrp_x0(code: &[u8], at: usize) -> bool {
    is(code, at, encode::ADRP, 0)
}

/// `ldr x, [x]` of 64 bits, both registers the same: they become MOVZ and MOVK of one.
fn load_same(code: &[u8], at: usize) -> bool {
    word(code, at)
        .is_some_and(|word| word & 0xffc0_0000 == 0xf940_0000 && word & 0x1f == (word >> 5) & 0x1f)
}

fn load_from_x0(code: &[u8], at: usize) -> bool {
    word(code, at).is_some_and(|word| word & 0xffc0_03e0 == 0xf940_0000)
}

fn add_x0(code: &[u8], at: usize) -> bool {
    word(code, at).is_some_and(|word| word & 0xffc0_03ff == 0x9100_0000)
}

fn call(code: &[u8], at: usize) -> bool {
    word(code, at).is_some_and(|word| word & 0xfc00_0000 == 0x9400_0000)
}

/// ADRP, ADD, BL, and a NOP where there has to be one.
fn small(code: &[u8], start: Option<usize>, nop: bool) -> bool {
    let found = start.and_then(|start| {
        let [add, bl, last] =
            [start.checked_add(4)?, start.checked_add(8)?, start.checked_add(12)?];
        let spare = !nop || word(code, last).map(u64::from) == Some(NOP);
        Some(adrp_x0(code, start) && add_x0(code, add) && call(code, bl) && spare)
    });
    found.unwrap_or(false)
}

/// LDR (literal), ADR.
fn tiny(code: &[u8], start: Option<usize>) -> bool {
    let found = start.and_then(|start| {
        let load = word(code, start)? & 0xff00_0000 == 0x5800_0000;
        Some(load && is(code, start.checked_add(4)?, encode::ADR, 0))
    });
    found.unwrap_or(false)
}

/// ADR, BL, NOP.
fn tiny_call(code: &[u8], at: usize) -> bool {
    let found = at
        .checked_add(4)
        .zip(at.checked_add(8))
        .is_some_and(|(bl, last)| call(code, bl) && word(code, last).map(u64::from) == Some(NOP));
    found && is(code, at, encode::ADR, 0)
}

/// `movz x0, #high, lsl 16`
fn high_x0(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    put_words(code, at, [put(0xd2a0_0000, take(x, 31, 16), 16, 5)])
}

/// `movk x0, #low`
fn low_x0(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    put_words(code, at, [low(0xf280_0000, x)])
}

/// `movz x0, #x[47:32], lsl 32`
fn bits_47_32(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    put_words(code, at, [put(0xd2c0_0000, take(x, 47, 32), 16, 5)])
}

/// `movk x0, #x[31:16], lsl 16`
fn bits_31_16(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    put_words(code, at, [put(0xf2a0_0000, take(x, 31, 16), 16, 5)])
}

/// `movz xN, #high, lsl 16`
fn high_any(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    let register = u64::from(word(code, at)? & 0x1f);
    put_words(code, at, [put(0xd2a0_0000 | register, take(x, 31, 16), 16, 5)])
}

/// `movk xN, #low`
fn low_any(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    let register = u64::from(word(code, at)? & 0x1f);
    put_words(code, at, [low(0xf280_0000 | register, x)])
}

const fn low(insn: u64, x: u64) -> u64 {
    put(insn, take(x, 15, 0), 16, 5)
}

fn nop(code: &mut [u8], at: usize, _: u64) -> Option<()> {
    put_words(code, at, [NOP])
}

/// `add x0, x0, #x; nop` where one instruction will do, as GNU ld has it, or else two.
const fn add_block(x: u64) -> [u64; 2] {
    match adds(x) {
        [_, low] if x >> 12 == 0 => [low, NOP],
        both => both,
    }
}

/// `add x0, x0, #high, lsl 12; add x0, x0, #low`
const fn adds(x: u64) -> [u64; 2] {
    [put(0x9140_0000, take(x, 23, 12), 12, 10), put(0x9100_0000, take(x, 11, 0), 12, 10)]
}
