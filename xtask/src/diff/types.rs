//! What the test knows of relocation types, apart from the loader's tables: how far they reach,
//! and how to read back what was written.

use crate::arch::Arch;

/// How the address of a GOT slot is written into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotForm {
    /// AArch64 ADRP: the pages between the place and the slot.
    Adrp,
    /// RISC-V AUIPC: the upper 20 bits of the distance.
    Auipc,
    /// The distance from the GOT's start, in as many bytes.
    FromGot(usize),
    /// AArch64 LDR (literal): the distance in words.
    Literal,
    /// AArch64 MOVZ or MOVK: a group of 16 bits of the distance from the GOT's start.
    Group(u32),
    /// AArch64 LDR (unsigned offset): the distance from the GOT's start.
    FromGotLow15,
    /// AArch64 LDR (unsigned offset): the low 12 bits.
    Low12,
    /// AArch64 LDR (unsigned offset): the distance from the page that the GOT begins in.
    Low15,
    /// The distance from the place, in as many bytes.
    Relative(usize),
    /// x86-64: as `Relative(4)`, in an instruction that may have been relaxed.
    Relaxable,
}

/// A field in an instruction or in data: its width in bytes and its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// 4 or 8.
    pub width: usize,
    /// The bits that a relocation writes.
    pub mask: u64,
}

/// The form of a relocation type that speaks of a GOT slot.
pub fn slot_form(arch: Arch, number: u32) -> Option<SlotForm> {
    use SlotForm::*;
    Some(match (arch, number) {
        (Arch::Aarch64, 300..=306) => Group((number - 300) / 2),
        (Arch::Aarch64, 515 | 520 | 539) => Group(1),
        (Arch::Aarch64, 516 | 521 | 540) => Group(0),
        (Arch::Aarch64, 309 | 522 | 543) => Literal,
        (Arch::Aarch64, 310) => FromGotLow15,
        (Arch::Aarch64, 311) => Adrp,
        (Arch::Aarch64, 312) => Low12,
        (Arch::Aarch64, 313) => Low15,
        (Arch::Aarch64, 315) => Relative(4),
        (Arch::Riscv64, 20..=22) => Auipc,
        (Arch::Riscv64, 41) => Relative(4),
        (Arch::X86_64, 3) => FromGot(4),
        (Arch::X86_64, 9 | 46..=49 | 51) => Relative(4),
        (Arch::X86_64, 27 | 30) => FromGot(8),
        (Arch::X86_64, 28) => Relative(8),
        (Arch::X86_64, 22 | 41..=44 | 50) => Relaxable,
        _ => return None,
    })
}

impl SlotForm {
    /// The field that it is written into.
    pub const fn field(self) -> Field {
        let (width, mask) = match self {
            Self::Adrp => (4, 0x60ff_ffe0),
            Self::Auipc => (4, 0xffff_f000),
            Self::Literal => (4, 0x00ff_ffe0),
            Self::Group(_) => (4, 0x001f_ffe0),
            Self::Low12 | Self::Low15 | Self::FromGotLow15 => (4, 0x003f_fc00),
            Self::FromGot(8) | Self::Relative(8) => (8, u64::MAX),
            Self::FromGot(_) | Self::Relative(_) | Self::Relaxable => (4, 0xffff_ffff),
        };
        Field { width, mask }
    }

    /// Whether what is in the field, at `place`, can speak of `slot` of the GOT at `got`.
    pub fn fits(self, word: u64, place: u64, addend: i64, got: u64, slot: u64) -> bool {
        let bits = |value: u64, low: u32, count: u32| value >> low & ((1 << count) - 1);
        let field = self.field();
        let expected = match self {
            Self::Adrp => {
                let pages = (slot >> 12).wrapping_sub(place >> 12);
                bits(pages, 0, 2) << 29 | bits(pages, 2, 19) << 5
            }
            Self::Auipc => slot.wrapping_sub(place).wrapping_add(0x800),
            Self::FromGot(_) => slot.wrapping_sub(got).wrapping_add_signed(addend),
            Self::Group(group) => bits(slot.wrapping_sub(got), 16 * group, 16) << 5,
            Self::FromGotLow15 => bits(slot.wrapping_sub(got), 3, 12) << 10,
            Self::Literal => bits(slot.wrapping_sub(place), 2, 19) << 5,
            Self::Low12 => bits(slot, 3, 9) << 10,
            Self::Low15 => bits(slot.wrapping_sub(got & !0xfff), 3, 12) << 10,
            Self::Relative(_) | Self::Relaxable => {
                slot.wrapping_sub(place).wrapping_add_signed(addend)
            }
        };
        word & field.mask == expected & field.mask
    }
}

/// `R_X86_64_GOTPCREL`
pub const X86_64_GOTPCREL: u32 = 9;

/// Whether a type is that of a load from the GOT with a REX or REX2 prefix, and the instruction,
/// from its opcode on, one that could have an immediate operand: test, or adc to xor.
pub fn takes_immediate(arch: Arch, number: u32, code: &[u8]) -> bool {
    let opcode = code.first().copied().unwrap_or_default();
    matches!((arch, number), (Arch::X86_64, 42 | 43))
        && (opcode == 0x85 || opcode & 0b1100_0111 == 0b0000_0011)
}

/// Whether a type is that of a word which a function initialises: `R_AARCH64_FUNCINIT64`.
pub const fn is_initialiser(arch: Arch, number: u32) -> bool {
    matches!((arch, number), (Arch::Aarch64, 317))
}

/// Whether the slot that a type speaks of is the first of the two that `__tls_get_addr` gets.
pub const fn is_pair(arch: Arch, number: u32) -> bool {
    matches!((arch, number), (Arch::Riscv64, 22))
}

/// The field of the low part of a RISC-V AUIPC pair.
pub const fn low_part(arch: Arch, number: u32) -> Option<Field> {
    match (arch, number) {
        (Arch::Riscv64, 24) => Some(Field { width: 4, mask: 0xfff0_0000 }),
        (Arch::Riscv64, 25) => Some(Field { width: 4, mask: 0xfe00_0f80 }),
        _ => None,
    }
}

/// `R_RISCV_PCREL_HI20`
pub const RISCV_PCREL_HI20: u32 = 23;

/// The type for the low part of an absolute address, in the place of one for the low part of a
/// RISC-V AUIPC pair.
pub const fn absolute_low_part(arch: Arch, number: u32) -> Option<u32> {
    match (arch, number) {
        (Arch::Riscv64, 24) => Some(27),
        (Arch::Riscv64, 25) => Some(28),
        _ => None,
    }
}

/// What an AUIPC at `place` and the instruction with its low part add up to.
pub fn auipc_pair(place: u64, high: u64, low: u64, low_number: u32) -> u64 {
    let low = low as u32;
    let low = if low_number == 24 {
        low.cast_signed() >> 20
    } else {
        (low.cast_signed() >> 25 << 5) | (low >> 7 & 0x1f).cast_signed()
    };
    let high = (high as u32 & 0xffff_f000).cast_signed();
    place.wrapping_add_signed(high.into()).wrapping_add_signed(low.into())
}

/// What a relaxed x86-64 GOT load, its field at `offset` and `place`, loads, calls or takes for
/// an operand: what would be in the slot.
pub fn relaxed_meaning(code: &[u8], offset: usize, place: u64) -> Option<u64> {
    let field =
        |at: usize| Some(i64::from(i32::from_le_bytes(*code.get(at..)?.first_chunk::<4>()?)));
    match *code.get(offset.checked_sub(2)?..)?.first_chunk::<2>()? {
        // lea foo(%rip), %reg; addr32 call foo
        [0x8d, _] | [0x67, 0xe8] => Some((place + 4).wrapping_add_signed(field(offset)?)),
        // jmp foo; nop
        [0xe9, _] => Some((place + 3).wrapping_add_signed(field(offset - 1)?)),
        // test, arithmetic and, in GNU ld's form of a load, mov with an immediate
        [0xf7 | 0x81 | 0xc7, _] => Some(field(offset)?.cast_unsigned()),
        _ => None,
    }
}

/// Whether a type reaches 1 MiB or less, so that its symbol must lie beside the code.
pub const fn is_short(arch: Arch, number: u32) -> bool {
    matches!(
        (arch, number),
        (
            Arch::Aarch64,
            262 | 273 | 274 | 279 | 280 | 287..=290 | 309 | 512 | 517 | 522 | 543 | 560 | 561
        ) | (Arch::Riscv64, 16 | 44 | 45)
            | (Arch::X86_64, 13 | 15)
    )
}

/// Whether a type reaches every address, by itself, through the GOT or through a stub.
pub fn reaches_all(arch: Arch, number: u32, addend: i64) -> bool {
    match (arch, number) {
        (Arch::Aarch64, 282 | 283 | 314) | (Arch::Riscv64, 18 | 19 | 59) => addend == 0,
        (Arch::X86_64, 4 | 40) => addend == -4,
        (Arch::Aarch64, 0 | 256 | 257) | (Arch::Riscv64, 0 | 2 | 51) | (Arch::X86_64, 0 | 1) => {
            true
        }
        _ => slot_form(arch, number).is_some(),
    }
}

/// A field of four bytes.
pub const WORD: Field = Field { width: 4, mask: 0xffff_ffff };

/// The field of a type, by its name, where it is an instruction, a plain word or a number in
/// LEB128; `bytes` is what is there.
pub fn field_of(name: &str, bytes: &[u8]) -> Field {
    if name.contains("ULEB128") {
        let more = bytes.iter().take_while(|byte| *byte & 0x80 != 0).count();
        return Field { width: (more + 1).min(8), mask: u64::MAX };
    }
    match name.ends_with("64") {
        true => Field { width: 8, mask: u64::MAX },
        false => WORD,
    }
}

/// Whether what a type does is more than to write a field: a rewritten instruction.
pub fn rewrites(arch: Arch, number: u32, name: &str) -> bool {
    slot_form(arch, number) == Some(SlotForm::Relaxable) || is_thread_local(name)
}

/// Whether a type is for thread-local variables, by its name.
pub fn is_thread_local(name: &str) -> bool {
    ["TLS", "TPOFF", "TPREL"].iter().any(|word| name.contains(word))
}

/// The field of a call of an undefined weak symbol, which GNU ld makes something else of than
/// ld.lld and our loader: AArch64's B and BL, and RISC-V's AUIPC and JALR.
pub const fn weak_call(arch: Arch, number: u32) -> Option<Field> {
    match (arch, number) {
        (Arch::Aarch64, 282 | 283) => Some(WORD),
        (Arch::Riscv64, 18 | 19) => Some(Field { width: 8, mask: u64::MAX }),
        _ => None,
    }
}

/// The smallest value of the types whose smallest value GNU ld refuses.
pub const fn refused_smallest(arch: Arch, number: u32) -> Option<i64> {
    match (arch, number) {
        (Arch::Aarch64, 258) => Some(i32::MIN as i64),
        (Arch::Aarch64, 259) => Some(i16::MIN as i64),
        _ => None,
    }
}

/// Whether a type is a place-relative one of AArch64 that is no branch: what an undefined weak
/// symbol makes of these, the psABI and ld.lld see differently.
pub const fn is_aarch64_relative(arch: Arch, number: u32) -> bool {
    matches!((arch, number), (Arch::Aarch64, 260..=262 | 273..=276 | 287..=293 | 314))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_read_back() {
        // adrp x0, 0x41234000 and ldr x0, [x0, #0x568], at 0x40000ff8
        assert!(SlotForm::Adrp.fits(0x9000_91a0, 0x4000_0ff8, 0, 0, 0x4123_4568));
        assert!(!SlotForm::Adrp.fits(0x9000_91a0, 0x4000_0ff8, 0, 0, 0x4123_5568));
        assert!(SlotForm::Low12.fits(0xf942_b400, 0, 0, 0, 0x4123_4568));
        assert!(!SlotForm::Low12.fits(0xf942_b400, 0, 0, 0, 0x4123_4570));
        assert!(SlotForm::Relative(4).fits(0xffc, 0x1000, -4, 0, 0x2000));
        assert!(SlotForm::FromGot(8).fits(0x18, 0, 0, 0x2000, 0x2018));
    }
}
