//! What the loops over relocations ask of every one's type, in one place.
//!
//! Most relocations are of types that need nothing but their symbol's address, and most of a
//! symbol's uses tell nothing new about it. The loop that scans looks here alone, the one that applies
//! here first; whatever is not so goes by the row's action.

use crate::arch::field::Field;
use crate::arch::relocation::{Action, Fixup, Formula};

/// An excerpt of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief {
    /// How X is computed, where nothing else is to be done.
    pub(crate) way: Way,
    /// Bytes of the field.
    width: u8,
    /// What the field's offset must be a multiple of, less 1.
    align_mask: u8,
    /// What the symbol or the module must have: see the constants.
    pub(crate) needs: u8,
    /// Which bits count of what is known of its symbol, and noted of it: all, or none where it does
    /// not speak of it.
    pub(crate) symbol_bits: u32,
}

/// How X is computed, where the loops know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Way {
    /// Only the row's action says.
    Special,
    /// Not at all: nothing is written.
    Nothing,
    /// As the low part of what another relocation computes.
    #[cfg(feature = "riscv64")]
    Low,
    /// By a formula that is none of those below.
    Formula,
    /// S + A
    Absolute,
    /// S + A - P
    PcRelative,
    /// S + A - P of an AUIPC, whose low part another instruction has
    #[cfg(feature = "riscv64")]
    High,
    /// Page(S + A) - Page(P)
    #[cfg(feature = "aarch64")]
    Page,
}

impl Brief {
    /// The symbol needs a GOT slot with its address.
    pub(crate) const SLOT: u8 = 1;
    /// The address of the GOT enters into it.
    pub(crate) const GOT: u8 = 2;
    /// A call stub may stand in for the symbol.
    pub(crate) const STUB: u8 = 4;
    /// More than is said here.
    pub(crate) const MORE: u8 = 8;

    /// Of what is not applied by itself.
    const NONE: Self = Self {
        way: Way::Special,
        width: 0,
        align_mask: 0,
        needs: Self::MORE,
        symbol_bits: u32::MAX,
    };

    pub(super) const fn of(action: &Action) -> Self {
        match action {
            Action::Nothing => Self { way: Way::Nothing, needs: 0, symbol_bits: 0, ..Self::NONE },
            Action::Apply(fixup) if !fixup.formula.is_thread_local() => {
                let Fixup { formula, field, .. } = fixup;
                let way = Way::of(*formula).in_field(field);
                Self {
                    needs: if formula.needs_slot() { Self::SLOT } else { 0 }
                        | if formula.needs_got() { Self::GOT } else { 0 }
                        | if formula.may_use_stub() { Self::STUB } else { 0 },
                    ..Self::NONE.of_field(field, way)
                }
            }
            #[cfg(feature = "riscv64")]
            Action::PairLow(field) => Self::NONE.of_field(field, Way::Low),
            _ => Self::NONE,
        }
    }

    /// Of a type with these needs.
    #[cfg(test)]
    pub(crate) const fn needing(needs: u8) -> Self {
        Self { needs, ..Self::NONE }
    }

    const fn of_field(self, field: &Field, way: Way) -> Self {
        let align_mask = field.align.wrapping_sub(1);
        Self { way, width: field.width, align_mask, needs: 0, ..self }
    }

    /// Whether the whole field lies in a section of `size` bytes, where such a field can lie.
    pub(crate) const fn fits(&self, offset: u64, size: u64) -> bool {
        let fits = match size.checked_sub(offset) {
            Some(rest) => self.width as u64 <= rest,
            None => false,
        };
        fits && offset & self.align_mask as u64 == 0
    }
}

impl Way {
    /// Whether X is a sum or a difference of the symbol's address, the addend and the place.
    pub(crate) const fn is_plain(self) -> bool {
        self as u8 > Self::Formula as u8
    }

    /// X of a plain way, of S + A and P.
    #[inline]
    pub(crate) const fn value(self, sum: u64, place: u64) -> u64 {
        match self {
            Self::Absolute => sum,
            #[cfg(feature = "aarch64")]
            Self::Page => (sum & !0xfff).wrapping_sub(place & !0xfff),
            _ => sum.wrapping_sub(place),
        }
    }

    const fn in_field(self, field: &Field) -> Self {
        match self {
            #[cfg(feature = "riscv64")]
            Self::PcRelative if field.is_riscv_high() => Self::High,
            way => {
                let _ = field;
                way
            }
        }
    }

    const fn of(formula: Formula) -> Self {
        match formula {
            Formula::Absolute => Self::Absolute,
            Formula::PcRelative | Formula::Branch { .. } => Self::PcRelative,
            #[cfg(any(feature = "aarch64", feature = "riscv64"))]
            Formula::ShortBranch | Formula::FunctionOffset => Self::PcRelative,
            #[cfg(feature = "aarch64")]
            Formula::Page => Self::Page,
            _ => Self::Formula,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Machine;

    const MACHINES: &[Machine] = &[
        #[cfg(feature = "aarch64")]
        Machine::Aarch64,
        #[cfg(feature = "riscv64")]
        Machine::Riscv64,
        #[cfg(feature = "x86_64")]
        Machine::X86_64,
    ];

    #[test]
    fn formulas_are_the_psabis() {
        let (sum, place, mut plain) = (0x1234_5678u64, 0x1_0000_0ffcu64, 0);
        for row in MACHINES.iter().flat_map(|machine| machine.relocations()) {
            let expected = match row.brief.way {
                Way::Absolute => sum,
                Way::PcRelative => sum.wrapping_sub(place),
                #[cfg(feature = "riscv64")]
                Way::High => sum.wrapping_sub(place),
                #[cfg(feature = "aarch64")]
                Way::Page => 0x1234_5000u64.wrapping_sub(0x1_0000_0000),
                _ => continue,
            };
            assert_eq!(row.brief.way.value(sum, place), expected, "{row:?}");
            plain += 1;
        }
        assert!(plain >= 8 * MACHINES.len(), "{plain}");
    }

    #[test]
    fn a_field_lies_in_its_section_as_a_whole() {
        for row in MACHINES.iter().flat_map(|machine| machine.relocations()) {
            let Action::Apply(fixup) = &row.action else { continue };
            if row.brief.way <= Way::Nothing {
                continue; // thread-local
            }
            let (width, align) = (u64::from(fixup.field.width), u64::from(fixup.field.align));
            assert!(row.brief.fits(16, 16 + width), "{row:?}");
            assert!(!row.brief.fits(16, 15 + width), "{row:?}");
            assert!(!row.brief.fits(u64::MAX, u64::MAX), "{row:?}");
            assert_eq!(row.brief.fits(17, 64), align == 1, "{row:?}");
        }
    }
}
