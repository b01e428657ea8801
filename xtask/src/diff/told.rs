//! What a linker must be told to do as our loader does where neither is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::Mask;
use super::expressed::As;
use super::linker::{Kind, Linker};
use super::prepare::{Site, Sites, type_name};
use super::relocations::{Relocation, Target};
use super::write::{Change, Changes, Given, ZERO, stub_name};
use super::{stubs, types};
use crate::arch::Arch;

/// `R_RISCV_RELAX`
const RISCV_RELAX: u32 = 51;
/// `R_RISCV_SET_ULEB128` and `R_RISCV_SUB_ULEB128`: differences of two symbols, which are what
/// they are wherever the two may be.
const RISCV_ULEB128: [u32; 2] = [60, 61];

/// What a linker is told.
#[derive(Default)]
pub struct Told {
    /// For each object, what is changed in its relocations.
    pub changes: Vec<Changes>,
    /// The stubs that calls go through, by what they call.
    pub stubs: BTreeMap<Vec<u8>, u64>,
    /// Symbols that stand for numbers.
    pub numbers: BTreeMap<Vec<u8>, u64>,
    /// Bits that are not compared, because what the linker does to them is another thing.
    pub masks: Vec<Mask>,
    /// Calls that go through a stub, and instructions that are compared by what they make.
    pub by_meaning: usize,
    /// Instructions that make the address of an undefined weak symbol from nothing.
    pub from_nothing: usize,
    /// Calls through stubs that are wrong.
    pub differences: Vec<String>,
}

impl Told {
    fn differ(&mut self, site: String, why: &str) {
        self.differences.push(format!("{site}: {why}"));
    }
}

impl Sites<'_> {
    /// What a linker is told of these relocations:
    ///
    /// - An unwind table's reference to a function of a discarded COMDAT group is not applied,
    ///   for there is nothing to speak of. ld.lld drops the whole entry of a table that it knows
    ///   by its name, which it does not see here.
    /// - An undefined weak symbol is 0. On AArch64, ld.lld takes the place itself for it in
    ///   place-relative relocations; AAELF64 says 0.
    /// - An instruction that would have to make 0 from its own address and cannot, ADRP, ADR or
    ///   LEA, becomes one that makes it from nothing in our loader, where the linkers give up. What
    ///   it makes is seen in `nothing`.
    /// - An AUIPC pair that cannot reach 0 becomes a LUI pair in our loader, where ld.lld gives up.
    ///   In a relaxed module, every marked one does: then the LUI goes (psABI, "Zero-page
    ///   relaxation"), which ld.lld does for LUI pairs alone.
    /// - An IFUNC's address is that of its stub, in our loader. That the stub goes through the slot
    ///   which takes the resolver's result is seen here.
    /// - A branch to an undefined weak symbol goes to the next instruction on AArch64 (AAELF64,
    ///   "Weak references"), where GNU ld puts a NOP. On RISC-V, whose psABI is silent, it goes to
    ///   itself, as ld.lld has it, where GNU ld makes a jump to 0. That ours does is seen here.
    /// - A relocation without a symbol, which AAELF64 makes one of address 0, is one that GNU ld
    ///   refuses on AArch64: it gets a symbol.
    /// - The smallest value of R_AARCH64_ABS32 and ABS16 is one that GNU ld 2.40 refuses, and that
    ///   AAELF64 allows, "Static Data relocations". It is not compared.
    /// - A relocation of a type that the linker does not know is one of another type that says the
    ///   same, where `expressed` has one, and else not applied, nor compared.
    /// - ld.lld makes test and arithmetic instructions on x86-64 take a symbol's address for an
    ///   immediate operand, and then finds that it does not fit. The psABI, "Optimize GOTPCRELX
    ///   Relocations", lets a linker keep the load from the GOT, which ours does there, and ld.lld
    ///   is made to by the type that is never changed.
    /// - So does the call through the GOT that ends general-dynamic code on x86-64, of which the
    ///   linkers know only while they know the code: with its prefixes it has no direct form.
    /// - A call that our loader leads through a stub is a call of that stub. That the stub leads
    ///   to what was to be called is seen here.
    pub fn told(&self, linker: &Linker) -> Told {
        let mut told = Told::default();
        told.changes.resize_with(self.names.len(), Changes::new);
        let lui = self.absolute_pairs();
        for &site in &self.all {
            let relocation = site.relocation;
            let change = match self.copy(linker, site, &mut told) {
                Some(given) => self.change(linker, site, given, &lui, &mut told),
                None => {
                    let bytes = self.section(site).bytes.get(site.offset..).unwrap_or_default();
                    let name = type_name(self.arch, relocation.number);
                    told.masks.push(self.mask(site, types::field_of(&name, bytes)));
                    Some(Change::Dropped)
                }
            };
            if let Some(change) = change
                && let Some(changes) = told.changes.get_mut(site.object)
            {
                changes.insert((relocation.table, relocation.entry), change);
            }
        }
        told
    }

    /// What a linker gets in the place of a relocation, itself or what expresses it; `None` where
    /// it is not compared.
    fn copy(&self, linker: &Linker, site: Site<'_>, told: &mut Told) -> Option<Given> {
        let Relocation { number, addend, symbol, .. } = *site.relocation;
        let given = self.given_as(linker, number)?;
        let smallest = linker.kind == Kind::Bfd
            && symbol == 0
            && types::refused_smallest(self.arch, number) == Some(addend);
        if smallest {
            return None;
        }
        if let As::Other(row) = given {
            let expressed = self.express(site, row);
            let expressed = expressed.map_err(|why| told.differ(self.describe(site), &why));
            let (given, number) = expressed.ok()?;
            told.numbers.extend(given.symbol.clone().zip(number));
            return Some(given);
        }
        let keeps = (linker.kind == Kind::Lld && self.is_beyond_immediate(site))
            || self.is_general_dynamic_call(site);
        let kind = if keeps { types::X86_64_GOTPCREL } else { number };
        Some(Given { kind, addend, symbol: None })
    }

    /// Whether a load from the GOT on x86-64, one that our loader keeps, could become nothing but
    /// an immediate operand, and the symbol's address is no 32-bit number with a sign.
    fn is_beyond_immediate(&self, site: Site<'_>) -> bool {
        let start = site.offset.checked_sub(2);
        let code = start.and_then(|start| self.section(site).bytes.get(start..));
        types::takes_immediate(self.arch, site.relocation.number, code.unwrap_or_default())
            && self.symbol(site).is_some_and(|s| i32::try_from(s.cast_signed()).is_err())
    }

    /// Whether this is the call that ends general-dynamic code on x86-64, which our loader leaves.
    fn is_general_dynamic_call(&self, site: Site<'_>) -> bool {
        let start = site.offset.checked_sub(4);
        let code = start.and_then(|start| self.section(site).bytes.get(start..site.offset));
        self.arch == Arch::X86_64 && code == Some(&[0x66, 0x48, 0xff, 0x15])
    }

    /// What is changed in a relocation; `None` where it stays.
    fn change(
        &self,
        linker: &Linker,
        site: Site<'_>,
        given: Given,
        lui: &BTreeMap<(usize, u32, u64), i64>,
        told: &mut Told,
    ) -> Option<Change> {
        let relocation = site.relocation;
        let number = given.kind;
        let undefined = relocation.weak && self.is_undefined(relocation);
        let with =
            |symbol: Vec<u8>| Some(Change::Given(Given { symbol: Some(symbol), ..given.clone() }));
        if given.symbol.is_some() {
            return Some(Change::Given(given));
        }
        if undefined && let Some((mask, checked)) = self.made_from_nothing(site, number) {
            told.masks.push(mask);
            told.by_meaning += 1;
            told.from_nothing += 1;
            if let Err(why) = checked {
                told.differ(self.describe(site), &why);
            }
            return Some(Change::Dropped);
        }
        if undefined
            && linker.kind == Kind::Bfd
            && let Some(field) = types::weak_call(self.arch, number)
        {
            told.masks.push(self.mask(site, field));
            if let Some(why) = self.misses_weak(site) {
                told.differ(self.describe(site), &why);
            }
            return Some(Change::Dropped);
        }
        if (linker.kind == Kind::Bfd && self.arch == Arch::Aarch64 && relocation.symbol == 0)
            || (undefined && types::is_aarch64_relative(self.arch, number))
        {
            return with(ZERO.to_vec());
        }
        if lui.contains_key(&(site.object, relocation.section, relocation.offset))
            && number == types::RISCV_PCREL_HI20
        {
            told.from_nothing += 1;
            return Some(Change::Lui);
        }
        if let Target::Section(section, offset) = relocation.target
            && let Some(addend) = lui.get(&(site.object, section, offset))
            && let Some(kind) = types::absolute_low_part(self.arch, number)
        {
            let symbol = Some(ZERO.to_vec());
            return Some(Change::Given(Given { kind, addend: *addend, symbol }));
        }
        if self.is_discarded(site) && RISCV_ULEB128.contains(&number) {
            return with(ZERO.to_vec());
        }
        if self.is_discarded(site) {
            return Some(Change::Dropped);
        }
        if let Some(indirect) = self.loaded.indirect.get(&relocation.name) {
            told.by_meaning += 1;
            let code = self.loaded.stubs.at(indirect.stub).unwrap_or_default();
            if stubs::stub_slot(self.arch, code, indirect.stub) != Some(indirect.slot) {
                told.differ(self.describe(site), "the IFUNC's stub misses its slot");
            }
            if let Err(why) = self.check_told(indirect.stub, &relocation.name, None) {
                told.differ(self.describe(site), &why);
            }
            told.stubs.insert(relocation.name.clone(), indirect.stub);
            return with(stub_name(&relocation.name));
        }
        if let Some(stub) = self.stub_of(site)
            && !(undefined && types::weak_call(self.arch, number).is_some())
        {
            told.by_meaning += 1;
            if let Err(why) = self.check_stub(site, stub, &mut told.stubs) {
                told.differ(self.describe(site), &why);
            }
            return with(stub_name(&relocation.name));
        }
        (number != relocation.number).then_some(Change::Given(given))
    }

    /// All of a relocation's field.
    const fn mask(&self, site: Site<'_>, field: types::Field) -> Mask {
        Mask { section: site.section, offset: site.offset, field }
    }

    /// What is wrong with a call of an undefined weak symbol.
    fn misses_weak(&self, site: Site<'_>) -> Option<String> {
        let code = self.section(site).bytes.get(site.offset..)?;
        let address = self.address(site);
        let target = stubs::branch_target(self.arch, site.relocation.number, code, address);
        let expected = if self.arch == Arch::Aarch64 { address + 4 } else { address };
        (target != Some(expected)).then(|| format!("goes to {target:x?}, not to {expected:#x}"))
    }

    /// Where the AUIPCs are that would have to reach 0 and cannot, and their addends.
    fn absolute_pairs(&self) -> BTreeMap<(usize, u32, u64), i64> {
        let marked = self.marked();
        let is_one = |site: &&Site<'_>| {
            let relocation = site.relocation;
            let distance = relocation.addend.wrapping_sub_unsigned(self.address(**site));
            self.arch == Arch::Riscv64
                && relocation.number == types::RISCV_PCREL_HI20
                && (relocation.weak && self.is_undefined(relocation))
                && (i32::try_from(distance + 0x800).is_err()
                    || (marked.contains(&(site.object, relocation.section, relocation.offset))
                        && (-0x800..0x800).contains(&relocation.addend)))
        };
        let entry = |site: &Site<'_>| {
            let relocation = site.relocation;
            ((site.object, relocation.section, relocation.offset), relocation.addend)
        };
        self.all.iter().filter(is_one).map(entry).collect()
    }

    /// The places in a relaxed module whose code may be relaxed.
    fn marked(&self) -> BTreeSet<(usize, u32, u64)> {
        let is_mark =
            |site: &&Site<'_>| self.loaded.relaxed && site.relocation.number == RISCV_RELAX;
        let place =
            |site: &Site<'_>| (site.object, site.relocation.section, site.relocation.offset);
        self.all.iter().filter(is_mark).map(place).collect()
    }

    /// The address of the stub that a call goes through.
    fn stub_of(&self, site: Site<'_>) -> Option<u64> {
        let code = self.section(site).bytes.get(site.offset..)?;
        let address = self.address(site);
        let target = stubs::branch_target(self.arch, site.relocation.number, code, address)?;
        self.loaded.stubs.at(target).map(|_| target)
    }

    /// Whether the map says of a stub what it is. A section's own symbol has no name here.
    fn check_told(&self, stub: u64, name: &[u8], target: Option<u64>) -> Result<(), String> {
        match self.loaded.stub_targets.get(&stub) {
            Some((symbol, to)) if *to == target && (name.is_empty() || symbol == name) => Ok(()),
            other => Err(format!("the map has {other:x?} for its stub, not {target:x?}")),
        }
    }

    /// Whether the stub leads to the symbol, as all calls of it do.
    fn check_stub(
        &self,
        site: Site<'_>,
        stub: u64,
        known: &mut BTreeMap<Vec<u8>, u64>,
    ) -> Result<(), String> {
        let relocation = site.relocation;
        let expected = match relocation.target {
            Target::Fixed(address) => Some(address),
            // x86-64 alone calls address 0 where nothing defines a weak symbol.
            Target::Undefined if relocation.weak && self.is_undefined(relocation) => Some(0),
            Target::Undefined => self.loaded.imports.get(&relocation.name).copied(),
            Target::Section(..) => None,
        };
        let expected = expected.ok_or("goes through a stub, and needs none")?;
        let code = self.loaded.stubs.at(stub).unwrap_or_default();
        let found = match stubs::stub_target(self.arch, code, stub) {
            Some(target) => target,
            None => {
                let slot = stubs::stub_slot(self.arch, code, stub);
                let slot = slot.ok_or("goes to what is no stub")?;
                self.loaded.got.slot(slot).ok_or("its stub goes through no GOT slot")?
            }
        };
        if found != expected {
            return Err(format!("its stub leads to {found:#x}, not to {expected:#x}"));
        }
        self.check_told(stub, &relocation.name, Some(expected))?;
        match known.insert(relocation.name.clone(), stub) {
            Some(other) if other != stub => Err(format!("has stubs at {stub:#x} and {other:#x}")),
            _ => Ok(()),
        }
    }
}
