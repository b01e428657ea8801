//! Types that a linker does not know, given to it as others that have the same value in the same
//! field: what it computes is an oracle for them as well. One table says as which, and why.
//! `dynamic` has those of thread-local code that a linker would change.

mod dynamic;

use loader_core::TlsModel;

use super::linker::Linker;
use super::prepare::{Site, Sites};
use super::relocations::Target;
use super::types;
use super::write::{Given, number_name};
use crate::arch::Arch;
use crate::link::thread_locals::DESCRIPTOR_FUNCTION;

/// How a type is given to a linker that does not know it.
#[derive(Clone, Copy, Debug)]
pub struct Expression {
    /// The type.
    number: u32,
    /// The type by which it is given.
    pub as_type: u32,
    how: How,
}

/// What else changes with the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Nothing: X is the same.
    Same,
    /// S + A - GOT is a distance from the place if A grows by P - GOT.
    FromGot,
    /// DTPREL(S + A) is an offset from the thread pointer if A shrinks by the block's.
    FromThreadPointer,
    /// G - GOT is a number once the slot is found, by what it holds.
    SlotOffset(Held),
    /// The same as a distance from the place: G - GOT + P is the number.
    SlotOffsetFromPlace(Held),
    /// G + A is a number once the slot is found, or P less.
    SlotAddress(Held),
}

/// What a GOT slot holds, or two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// GDAT(S): the symbol's address.
    Address,
    /// TLSDESC(S): a function and its argument.
    Descriptor,
    /// GLDM(S): the module's number, and 0.
    Module,
    /// GTPREL(S): the variable's offset from the thread pointer.
    ThreadPointerOffset,
    /// GTLSIDX(S): the module's number, and the variable's offset.
    Variable,
}

/// The symbol that stands for the start of a module's block.
const BLOCK: &[u8] = b"_TLS_MODULE_BASE_";

const fn row(number: u32, as_type: u32, how: How) -> Expression {
    Expression { number, as_type, how }
}

/// AAELF64; its tables are named.
const AARCH64: &[Expression] = {
    use Held::*;
    use How::*;
    &[
        // "Group relocations to create a 16, 32, 48, or 64 bit GOT-relative offsets inline": MOVZ
        // or MOVN by the sign, as MOVW_SABS and MOVW_PREL do, and MOVK as MOVW_UABS_*_NC does.
        row(300, 270, SlotOffset(Address)),
        row(301, 264, SlotOffset(Address)),
        row(302, 271, SlotOffset(Address)),
        row(303, 266, SlotOffset(Address)),
        row(304, 272, SlotOffset(Address)),
        row(305, 268, SlotOffset(Address)),
        row(306, 293, SlotOffsetFromPlace(Address)), // MOVW_UABS_G3 keeps the opcode
        // "GOT-relative data relocations": S + A - GOT, where PREL* are S + A - P.
        row(307, 260, FromGot),
        row(308, 261, FromGot),
        // "General Dynamic thread-local storage model", "Local Dynamic ...": as MOVW_GOTOFF.
        row(515, 271, SlotOffset(Variable)),
        row(516, 264, SlotOffset(Variable)),
        row(520, 271, SlotOffset(Module)),
        row(521, 264, SlotOffset(Module)),
        row(522, 273, SlotAddress(Module)), // of LDR (literal), as LD_PREL_LO19
        // "Local Exec ...", "Local Dynamic ...": bits 11 to 4 of TPREL and DTPREL, of which
        // linkers know TLSLE_LDST128_TPREL_LO12_NC. In range, it is the same without a check.
        row(570, 571, Same),
        row(572, 571, FromThreadPointer),
        row(573, 571, FromThreadPointer),
    ]
};

/// The x86-64 psABI, "Relocation types": what these say of the instruction, how long it is before
/// the field or that it has a BND prefix, lets a linker change it. The formula is the same.
const X86_64: &[Expression] = {
    use Held::*;
    use How::*;
    &[
        row(39, 2, Same),                             // PC32_BND
        row(40, 4, Same),                             // PLT32_BND
        row(46, 9, Same),                             // CODE_5_GOTPCRELX
        row(47, 2, SlotAddress(ThreadPointerOffset)), // CODE_5_GOTTPOFF
        row(48, 2, SlotAddress(Descriptor)),          // CODE_5_GOTPC32_TLSDESC
        row(49, 9, Same),                             // CODE_6_GOTPCRELX
        row(51, 2, SlotAddress(Descriptor)),          // CODE_6_GOTPC32_TLSDESC
    ]
};

/// How a type is given to a linker that does not know it, if there is a way.
fn unknown(arch: Arch, number: u32) -> Option<&'static Expression> {
    let table = match arch {
        Arch::Aarch64 => AARCH64,
        Arch::Riscv64 => &[],
        Arch::X86_64 => X86_64,
    };
    table.iter().find(|row| row.number == number)
}

/// How a type is given to any linker where thread-local code stays as it is.
fn dynamic(arch: Arch, number: u32) -> Option<&'static Expression> {
    let table = match arch {
        Arch::Aarch64 => dynamic::AARCH64,
        Arch::Riscv64 => dynamic::RISCV64,
        Arch::X86_64 => dynamic::X86_64,
    };
    table.iter().find(|row| row.number == number)
}

/// By which type a linker is given relocations of one.
#[derive(Clone, Copy, Debug)]
pub enum As {
    /// The type itself.
    Itself,
    /// What expresses it.
    Other(&'static Expression),
}

impl Sites<'_> {
    /// By which type a linker is given relocations of one; `None` where it knows neither.
    pub fn given_as(&self, linker: &Linker, number: u32) -> Option<As> {
        let by = match self.loaded.model {
            TlsModel::Dynamic => dynamic(self.arch, number),
            _ => None,
        };
        let by = by.or_else(|| unknown(self.arch, number).filter(|_| !linker.knows(number)));
        match by {
            Some(row) => linker.knows(row.as_type).then_some(As::Other(row)),
            None => linker.knows(number).then_some(As::Itself),
        }
    }

    /// The number of that type.
    pub fn given(&self, linker: &Linker, number: u32) -> Option<u32> {
        Some(match self.given_as(linker, number)? {
            As::Itself => number,
            As::Other(row) => row.as_type,
        })
    }

    /// A relocation, by another type; the number that its symbol is, where it is a number's.
    ///
    /// # Errors
    /// Why there is no way: no slot holds what one must.
    pub fn express(
        &self,
        site: Site<'_>,
        row: &Expression,
    ) -> Result<(Given, Option<u64>), String> {
        let own = Given { kind: row.as_type, addend: site.relocation.addend, symbol: None };
        let got = self.loaded.got.address;
        let from_got = self.address(site).wrapping_sub(got).cast_signed();
        let number = match row.how {
            How::Same => return Ok((own, None)),
            How::FromGot => {
                let addend = own.addend.wrapping_add(from_got);
                return Ok((Given { addend, ..own }, None));
            }
            How::FromThreadPointer => {
                let block = self.loaded.thread_locals.thread_pointer_offset();
                let addend = own.addend.wrapping_sub(block);
                return Ok((Given { addend, ..own }, None));
            }
            How::SlotAddress(held) => self.slot(site, held)?,
            How::SlotOffset(held) => self.slot(site, held)?.wrapping_sub(got),
            How::SlotOffsetFromPlace(held) => self.slot(site, held)?.wrapping_add_signed(from_got),
        };
        Ok((Given { symbol: Some(number_name(number)), ..own }, Some(number)))
    }

    /// The slot of our GOT that holds what a relocation speaks of; of several that do, the one
    /// that our loader names.
    fn slot(&self, site: Site<'_>, held: Held) -> Result<u64, String> {
        let words = self.held(site, held).ok_or("its symbol lies in another object")?;
        let got = &self.loaded.got;
        let holds = |slot: &u64| {
            (*slot..).step_by(8).zip(&words).all(|(at, word)| got.slot(at) == Some(*word))
        };
        let slots: Vec<u64> = got.slots().map(|(slot, _)| slot).filter(holds).collect();
        let number = site.relocation.number;
        let own = types::slot_form(self.arch, number);
        let form = own.or(dynamic::slot_form(self.arch, number));
        let bytes = self.section(site).bytes.get(site.offset..).unwrap_or_default();
        let field = bytes.first_chunk().map_or(0, |field| u32::from_le_bytes(*field));
        let (place, addend) = (self.address(site), site.relocation.addend);
        let is_named = |slot: &&u64| {
            form.is_some_and(|form| form.fits(field.into(), place, addend, got.address, **slot))
        };
        let slot = slots.iter().find(is_named).or(slots.first()).copied();
        slot.ok_or_else(|| format!("no GOT slot holds {words:#x?}"))
    }

    /// What is to be in the slot, word by word.
    fn held(&self, site: Site<'_>, held: Held) -> Option<Vec<u64>> {
        let locals = &self.loaded.thread_locals;
        let variable = || self.variable(site);
        Some(match held {
            Held::Address => vec![self.symbol(site)?],
            Held::Descriptor => vec![DESCRIPTOR_FUNCTION, variable()?],
            Held::Module => vec![1, 0],
            Held::ThreadPointerOffset => {
                vec![variable()?.wrapping_add_signed(locals.thread_pointer_offset())]
            }
            // The RISC-V psABI's TLS_DTV_OFFSET.
            Held::Variable if self.arch == Arch::Riscv64 => {
                vec![1, variable()?.wrapping_sub(0x800)]
            }
            Held::Variable => vec![1, variable()?],
        })
    }

    /// S, where no padding is deleted before it.
    pub fn symbol(&self, site: Site<'_>) -> Option<u64> {
        let relocation = site.relocation;
        match relocation.target {
            Target::Fixed(address) => Some(address),
            Target::Section(index, offset) => {
                let mut sections = self.loaded.sections.iter();
                let section = sections.find(|s| (s.object, s.index) == (site.object, index))?;
                Some(section.address + offset)
            }
            Target::Undefined => {
                let (imports, gathered) = (&self.loaded.imports, &self.loaded.gathered);
                let mut known = [imports, &gathered.boundaries].into_iter();
                let known = known.find_map(|known| known.get(&relocation.name)).copied();
                known.or_else(|| self.global(&relocation.name))
            }
        }
    }

    /// A thread-local variable's offset in the block.
    fn variable(&self, site: Site<'_>) -> Option<u64> {
        let locals = &self.loaded.thread_locals;
        match site.relocation.target {
            Target::Section(index, offset) => {
                let mut sections = locals.sections.iter();
                let (.., start) = sections.find(|(o, i, _)| (*o, *i) == (site.object, index))?;
                Some(start + offset)
            }
            Target::Undefined if site.relocation.name == BLOCK => Some(0),
            Target::Undefined => locals.imports.get(&site.relocation.name).copied(),
            Target::Fixed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_is_of_two_types_that_are_applied() {
        let tables = [
            (Arch::Aarch64, AARCH64),
            (Arch::Aarch64, dynamic::AARCH64),
            (Arch::Riscv64, dynamic::RISCV64),
            (Arch::X86_64, X86_64),
            (Arch::X86_64, dynamic::X86_64),
        ];
        for (arch, table) in tables {
            let applied = |n: u32| crate::relocations::applied(arch).any(|r| r.number() == n);
            for row in table {
                let is_marker = row.as_type == 0;
                assert!(applied(row.number) && (is_marker || applied(row.as_type)), "{row:?}");
                let again = [unknown(arch, row.as_type), dynamic(arch, row.as_type)];
                assert!(again.iter().flatten().next().is_none(), "{row:?}: in two steps");
                let same = table.iter().filter(|other| other.number == row.number);
                assert_eq!(same.count(), 1, "{row:?}");
            }
        }
    }
}
