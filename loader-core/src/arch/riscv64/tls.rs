//! Thread-local code made local-exec: RISC-V ELF psABI, "TLS descriptors -> local exec". The
//! traditional dialect's code stays as it is, as with other linkers.

use super::NOP;
use super::encode::{HI20, I_TYPE, LUI, is_short};
use crate::arch::local_exec::{LocalExec, Rewrite, Subject, Write, put, put_words};
use object::elf;

/// What becomes of a relocation where the offset is known.
pub(crate) fn local_exec(number: u32, code: &[u8], at: usize) -> LocalExec {
    let word = code.get(at..).and_then(<[u8]>::first_chunk).map(|word| u32::from_le_bytes(*word));
    let Some(word) = word else { return LocalExec::Refuse };
    let (is_there, write): (bool, Write) = match elf::RelocationType(number) {
        elf::R_RISCV_TLSDESC_HI20 => (word & 0x7f == 0x17, |code, at, _| put(code, at, NOP)),
        // ld t, low(auipc's register)
        elf::R_RISCV_TLSDESC_LOAD_LO12 => {
            (word & 0x707f == 0x3003, |code, at, _| put(code, at, NOP))
        }
        // addi a0, auipc's register, low
        elf::R_RISCV_TLSDESC_ADD_LO12 => (word & 0x7fff == 0x0513, high),
        // jalr t0, 0(t)
        elf::R_RISCV_TLSDESC_CALL => (word & 0x7fff == 0x02e7, low),
        _ => return LocalExec::Keep,
    };
    if !is_there {
        return LocalExec::Refuse;
    }
    LocalExec::Rewrite(Rewrite { subject: Subject::Variable, call: None, range: HI20, write })
}

/// `lui a0, %hi(x)`, where `low` needs it
fn high(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    if is_short(x) {
        return put(code, at, NOP);
    }
    put_words(code, at, [LUI.encode(0x0000_0537, x)])
}

/// `addi a0, a0, %lo(x)`, or from zero
fn low(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    let base = if is_short(x) { 0x0000_0513 } else { 0x0005_0513 };
    put_words(code, at, [I_TYPE.encode(base, x)])
}
