//! What speaks of GOT slots, compared by what these hold.

use std::collections::BTreeMap;

use super::super::linker::Kind;
use super::super::load::Table;
use super::super::prepare::Site;
use super::super::relocations::Target;
use super::super::types::{self, Field, SlotForm};
use super::{Comparison, Mask, Side};

/// The slots, on each side, that all relocations of one symbol can speak of, and what they hold.
struct Slots([Vec<(u64, u64)>; 2]);

impl<'a> Comparison<'a> {
    /// Compares the relocations that speak of GOT slots: by what those hold.
    pub(super) fn slots(&mut self) {
        let mut symbols: BTreeMap<(usize, u32, bool), (Site<'a>, Slots)> = BTreeMap::new();
        let highs = self.highs();
        let sites = self.sites;
        for &site in &sites.all {
            let Some(number) = sites.given(self.linker, site.relocation.number) else { continue };
            self.counts.relocations += 1;
            self.counts.add_type(site.relocation.number, number);
            if types::is_initialiser(sites.arch, number) {
                self.initialiser(site);
                continue;
            }
            let high = highs.get(&label(site)).copied();
            let form = types::slot_form(sites.arch, number);
            let (field, of) = match (form, types::low_part(sites.arch, number), high) {
                (Some(SlotForm::Relaxable), ..) if self.relaxed(site) => continue,
                (Some(form), ..) => (form.field(), site),
                (None, Some(field), Some(high)) => (field, high),
                _ => continue,
            };
            let address = sites.address(of);
            let words = [0, 1].map(|side| self.word(side, site, field.width));
            let highs = [0, 1].map(|side| self.word(side, of, 4));
            let pair = types::is_pair(sites.arch, of.relocation.number);
            // What is in the second word of a pair, with the module's number, which is small.
            let held = |got: &Table, slot: u64, word: u64| match pair {
                true => got.slot(slot + 8).map_or(0, |second| second ^ word << 48),
                false => word,
            };
            let all = || {
                let slots = [0, 1].map(|side| {
                    let got = self.sides[side].got;
                    got.slots().map(|(slot, word)| (slot, held(got, slot, word))).collect()
                });
                (of, Slots(slots))
            };
            let key = (of.object, of.relocation.symbol, pair);
            let (_, slots) = symbols.entry(key).or_insert_with(all);
            for side in 0..2 {
                let base = self.sides[side].got_base;
                let fits = |slot: u64| match form {
                    Some(form) => {
                        form.fits(words[side], address, site.relocation.addend, base, slot)
                    }
                    None => types::auipc_pair(address, highs[side], words[side], number) == slot,
                };
                slots.0[side].retain(|(slot, _)| fits(*slot));
            }
            self.mask(site, 0, field);
        }
        for (site, Slots([ours, theirs])) in symbols.into_values() {
            if !ours.iter().any(|(_, held)| theirs.iter().any(|(_, other)| held == other)) {
                let (text, linker) = (self.sites.describe(site), self.linker.kind.name());
                self.differences
                    .push(format!("{text}: (slot, content) {ours:#x?}; {linker}: {theirs:#x?}"));
            }
        }
    }

    /// Compares a word that a function initialises, by the function: our loader puts its address
    /// there, and gives the client the place; a linker writes it into a relocation for the place.
    fn initialiser(&mut self, site: Site<'a>) {
        let field = Field { width: 8, mask: u64::MAX };
        let ours = self.word(0, site, field.width);
        let theirs = self.resolvers.get(&self.sites.address(site)).copied();
        if theirs != Some(ours) {
            let (text, linker) = (self.sites.describe(site), self.linker.kind.name());
            self.differences.push(format!("{text}: by {ours:#x}; {linker}: by {theirs:#x?}"));
        }
        self.mask(site, 0, field);
    }

    /// The RISC-V relocations of the upper part of a slot's distance, by the place that those of
    /// the lower part name.
    fn highs(&self) -> BTreeMap<(usize, u32, u64), Site<'a>> {
        let is_high = |site: &&Site<'_>| {
            let number = self.sites.given(self.linker, site.relocation.number);
            let form = number.and_then(|number| types::slot_form(self.sites.arch, number));
            form == Some(SlotForm::Auipc)
        };
        let key = |site: &Site<'a>| {
            let relocation = site.relocation;
            ((site.object, relocation.section, relocation.offset), *site)
        };
        self.sites.all.iter().filter(is_high).map(key).collect()
    }

    /// Whether an x86-64 GOT load is no load any more on one side at least. Where it still is on
    /// the other side, it must be one that the linker does not relax and we do, and mean the same:
    /// ld.lld leaves alone what names an undefined or absolute symbol, and arithmetic without a
    /// REX prefix; GNU ld is told to leave all alone, and changes loads of 0 all the same.
    fn relaxed(&mut self, site: Site<'_>) -> bool {
        let relocation = site.relocation;
        // The bytes before the field that may change: a REX prefix, opcode and ModRM.
        let before = match relocation.number {
            41 => 2,
            43 => 4,
            _ => 3,
        };
        let Some(start) = site.offset.checked_sub(2) else { return false };
        let opcode = self.sites.original(site, 2).get(..2).unwrap_or_default();
        let is_relaxed =
            |side: &Side<'_>| side.sections[site.section].get(start..site.offset) != Some(opcode);
        let relaxed = [0, 1].map(|side: usize| is_relaxed(&self.sides[side]));
        if relaxed == [false; 2] {
            return false;
        }
        // ld.lld must make the same instruction, unless it leaves this one alone.
        let fixed = matches!(relocation.target, Target::Fixed(_))
            || self.sites.loaded.absolutes.contains(&relocation.name)
            || self.sites.is_undefined(relocation);
        let arithmetic = relocation.number == 41 && !matches!(opcode, [0x8b, _] | [0xff, _]);
        let may_differ = match self.linker.kind {
            Kind::Lld => relaxed == [true, false] && (fixed || arithmetic),
            Kind::Bfd => true,
        };
        if may_differ {
            let [ours, theirs] = [0, 1].map(|side| self.meaning(side, site, relaxed[side]));
            if ours.is_some() && ours == theirs {
                self.mask(site, before, Field { width: before + 4, mask: u64::MAX });
            }
        }
        true
    }

    /// What an x86-64 GOT load loads, calls or takes for an operand.
    fn meaning(&self, side: usize, site: Site<'_>, relaxed: bool) -> Option<u64> {
        let address = self.sites.address(site);
        if relaxed {
            return types::relaxed_meaning(
                self.sides[side].sections[site.section],
                site.offset,
                address,
            );
        }
        let word = self.word(side, site, 4);
        let slot = address
            .wrapping_add_signed(i64::from((word as u32).cast_signed()))
            .wrapping_add_signed(-site.relocation.addend);
        self.sides[side].got.slot(slot)
    }

    fn mask(&mut self, site: Site<'_>, before: usize, field: Field) {
        let offset = site.offset.saturating_sub(before);
        self.masks.push(Mask { section: site.section, offset, field });
        self.counts.by_meaning += 1;
    }

    /// What is in a field on one side.
    fn word(&self, side: usize, site: Site<'_>, width: usize) -> u64 {
        let bytes = self.sides[side].sections[site.section].get(site.offset..).unwrap_or_default();
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(bytes).take(width) {
            *to = *from;
        }
        u64::from_le_bytes(word)
    }
}

/// Where the symbol of a relocation lies in the file.
fn label(site: Site<'_>) -> (usize, u32, u64) {
    match site.relocation.target {
        Target::Section(section, offset) => (site.object, section, offset),
        Target::Fixed(_) | Target::Undefined => (usize::MAX, 0, 0),
    }
}
