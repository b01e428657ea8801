//! Linker relaxation: which code can be made shorter, and what it becomes (RISC-V ELF psABI,
//! "Linker relaxation").

use object::elf;

use super::encode::{AUIPC, CALL_PAIR, CJ_TYPE, I_TYPE, J_TYPE, LUI};
use crate::arch::bits::{put, take};
use crate::arch::field::{Encoding, Field};
use crate::arch::relocation::Range;

/// Code that may get shorter, by the relocation at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relaxable {
    /// A call or jump by AUIPC and JALR: JAL or C.J where those reach ("Function call
    /// relaxation", "Compressed function call relaxation").
    Call,
    /// The LUI or AUIPC of an address that the low part makes alone ("Zero-page relaxation").
    High,
    /// The LUI or ADD of an offset from the thread pointer that the low part makes alone
    /// ("Thread-pointer relaxation").
    ThreadPointer,
    /// The part of a descriptor sequence that local-exec code does without ("TLS descriptors ->
    /// local exec").
    Descriptor,
    /// The part of one that makes the upper bits of an offset.
    DescriptorHigh,
}

/// Bytes of AUIPC and JALR.
const PAIR: u32 = 8;
/// Bytes of an instruction that is not compressed.
const WORD: u32 = 4;

/// `tp`
const THREAD_POINTER: u64 = 4;
/// `zero`
const ZERO: u64 = 0;

/// What JAL reaches.
pub(crate) const JAL: Range = Range::signed(21).aligned(2);
/// What C.J reaches.
pub(crate) const C_J: Range = Range::signed(12).aligned(2);

/// What is left of a call that became a JAL, and one that became a C.J, in bytes.
pub(crate) const JAL_LENGTH: u64 = 4;
pub(crate) const C_J_LENGTH: u64 = 2;

/// The code that a relocation of this type may make shorter; `None` for any other type.
pub(crate) fn relaxable(number: u32) -> Option<Relaxable> {
    Some(match elf::RelocationType(number) {
        elf::R_RISCV_CALL | elf::R_RISCV_CALL_PLT => Relaxable::Call,
        elf::R_RISCV_HI20 | elf::R_RISCV_PCREL_HI20 => Relaxable::High,
        elf::R_RISCV_TPREL_HI20 | elf::R_RISCV_TPREL_ADD => Relaxable::ThreadPointer,
        elf::R_RISCV_TLSDESC_HI20 | elf::R_RISCV_TLSDESC_LOAD_LO12 => Relaxable::Descriptor,
        elf::R_RISCV_TLSDESC_ADD_LO12 => Relaxable::DescriptorHigh,
        _ => return None,
    })
}

impl Relaxable {
    /// How many bytes of code it is about.
    pub(crate) const fn length(self) -> u32 {
        if matches!(self, Self::Call) { PAIR } else { WORD }
    }

    /// Whether the code is what the psABI says; what is not stays as it is.
    pub(crate) fn is_there(self, number: u32, code: &[u8]) -> bool {
        match self {
            Self::Call => pair(code).is_some_and(|pair| CALL_PAIR.accepts(pair)),
            _ => code.first_chunk().is_some_and(|word| {
                let word = u32::from_le_bytes(*word).into();
                match elf::RelocationType(number) {
                    elf::R_RISCV_HI20 | elf::R_RISCV_TPREL_HI20 => LUI.accepts(word),
                    elf::R_RISCV_PCREL_HI20 | elf::R_RISCV_TLSDESC_HI20 => AUIPC.accepts(word),
                    elf::R_RISCV_TPREL_ADD => word & 0xfe00_707f == 0x33,
                    // `local_exec` looks at the rest, and refuses what is wrong.
                    _ => true,
                }
            }),
        }
    }
}

/// The call at the start of `code`.
fn pair(code: &[u8]) -> Option<u64> {
    code.first_chunk().map(|pair| u64::from_le_bytes(*pair))
}

/// Whether the call at the start of `code` returns nowhere: a jump, which C.J can do.
pub(crate) fn is_jump(code: &[u8]) -> bool {
    pair(code).is_some_and(|pair| link_register(pair) == ZERO)
}

const fn link_register(pair: u64) -> u64 {
    take(pair, 43, 39)
}

/// Writes the shorter form, of `length` bytes, of the call at the start of `from`. `None` where
/// either is too short.
pub(crate) fn write_call(to: &mut [u8], from: &[u8], length: u64, distance: u64) -> Option<()> {
    if length == C_J_LENGTH {
        *to.first_chunk_mut()? = (CJ_TYPE.encode(0xa001, distance) as u16).to_le_bytes();
        return Some(());
    }
    let jal = put(0x6f, link_register(pair(from)?), 5, 7);
    *to.first_chunk_mut()? = (J_TYPE.encode(jal, distance) as u32).to_le_bytes();
    Some(())
}

/// The base register that a low part gets when its high part goes, given what the relocation's
/// type counts from.
pub(crate) fn new_base(number: u32) -> Option<Field> {
    match elf::RelocationType(number) {
        elf::R_RISCV_LO12_I
        | elf::R_RISCV_LO12_S
        | elf::R_RISCV_PCREL_LO12_I
        | elf::R_RISCV_PCREL_LO12_S => {
            Some(Field { encoding: Encoding::Computed(|old, _| base(old, ZERO)), ..*I_TYPE })
        }
        elf::R_RISCV_TPREL_LO12_I | elf::R_RISCV_TPREL_LO12_S => Some(Field {
            encoding: Encoding::Computed(|old, _| base(old, THREAD_POINTER)),
            ..*I_TYPE
        }),
        _ => None,
    }
}

/// An I-type or S-type instruction with another rs1.
const fn base(insn: u64, register: u64) -> u64 {
    put(insn, register, 5, 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `auipc rd', 0; jalr rd, 0(rd')`, as the assembler writes it.
    const CALL_RA: [u8; 8] = [0x97, 0, 0, 0, 0xe7, 0x80, 0, 0];
    const TAIL_T1: [u8; 8] = [0x17, 0x03, 0, 0, 0x67, 0x00, 0x03, 0];

    #[test]
    fn calls_keep_their_link_register() {
        let mut to = [0xff; 4];
        write_call(&mut to, &CALL_RA, 4, 0x44).unwrap();
        assert_eq!(to, [0xef, 0x00, 0x40, 0x04]); // jal ra, .+0x44
        write_call(&mut to, &TAIL_T1, 4, -2i64 as u64).unwrap();
        assert_eq!(to, [0x6f, 0xf0, 0xff, 0xff]); // j .-2
        let mut to = [0xff; 2];
        write_call(&mut to, &TAIL_T1, 2, -2i64 as u64).unwrap();
        assert_eq!(to, [0xfd, 0xbf]); // c.j .-2
        assert_eq!(write_call(&mut to, &CALL_RA, 4, 0), None, "no room");
        assert!(is_jump(&TAIL_T1) && !is_jump(&CALL_RA) && !is_jump(&TAIL_T1[..7]));
    }

    #[test]
    fn low_parts_get_another_base() {
        let lo12 = new_base(elf::R_RISCV_LO12_S.0).unwrap();
        assert_eq!(lo12.encode(0x0ea5_afa3, 0), 0x0ea0_2fa3); // sw a0, 255(a1) -> (zero)
        let tprel = new_base(elf::R_RISCV_TPREL_LO12_I.0).unwrap();
        assert_eq!(tprel.encode(0x0007_a783, 0), 0x0002_2783 | 15 << 7); // lw a5, 0(tp)
        assert!(new_base(elf::R_RISCV_HI20.0).is_none());
    }

    #[test]
    fn other_code_is_left_alone() {
        let is_there = |number: elf::RelocationType, code: &[u8]| {
            relaxable(number.0).unwrap().is_there(number.0, code)
        };
        assert!(is_there(elf::R_RISCV_CALL, &CALL_RA));
        assert!(!is_there(elf::R_RISCV_CALL, &CALL_RA[..4]));
        assert!(!is_there(elf::R_RISCV_CALL, &[0x37, 0, 0, 0, 0xe7, 0x80, 0, 0]));
        assert!(is_there(elf::R_RISCV_HI20, &[0x37, 0x05, 0, 0]));
        assert!(!is_there(elf::R_RISCV_HI20, &CALL_RA));
        assert!(is_there(elf::R_RISCV_PCREL_HI20, &CALL_RA));
        assert!(is_there(elf::R_RISCV_TPREL_ADD, &[0xb3, 0x87, 0x47, 0x00])); // add a5, a5, tp
        assert!(!is_there(elf::R_RISCV_TPREL_ADD, &[0xb3, 0x87, 0x47, 0x40])); // sub
        assert_eq!(relaxable(elf::R_RISCV_GOT_HI20.0), None);
    }
}
