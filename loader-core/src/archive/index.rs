//! The names that members define, and what is known of each: records in lent scratch memory.
//!
//! A name that no searched archive defines is not entered, as no member would be taken for it. The
//! index is made from the members' own symbol tables.

use core::ops::Range;

use crate::archive::globals::{Globals, Role};
use crate::archive::record::{Definition, Known, LIMIT, Unit, join, split};
use crate::archive::{Archive, ArchiveError, ArchiveMember, LinkInput};
use crate::elf::name_at;
use crate::error::Error;
use crate::hash;
use crate::name::{Name, ObjectName};
use crate::object::Object;
use crate::scratch::Scratch;

/// How many records of each sort the inputs need.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) archives: usize,
    /// Objects that may be linked: those given, and the members of all archives.
    pub(super) units: usize,
    /// Members of the archive or group that has the most.
    pub(super) queue: usize,
    pub(super) names: usize,
    pub(super) definitions: usize,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Index<'i, 'o, 's> {
    pub(super) inputs: &'i [LinkInput<'i, 'o>],
    /// Per archive: which input it is or is in, its units.
    archives: &'s mut [Scratch],
    units: &'s mut [Scratch],
    names: &'s mut [Scratch],
    definitions: &'s mut [Scratch],
}

impl Counts {
    pub(super) fn of<'o>(inputs: &[LinkInput<'_, 'o>]) -> Result<Self, ArchiveError<'o>> {
        let mut counts = Self::default();
        for input in inputs {
            let before = counts.units;
            match input {
                LinkInput::Object(_) => counts.units = counts.units.saturating_add(1),
                LinkInput::Whole(archive) => counts.add(archive, false)?,
                LinkInput::Archive(archive) => counts.add(archive, true)?,
                LinkInput::Group(group) => {
                    group.iter().try_for_each(|archive| counts.add(archive, true))?;
                }
            }
            if input.is_searched() {
                counts.queue = counts.queue.max(counts.units.saturating_sub(before));
            }
        }
        counts.names = hash::buckets(counts.definitions);
        Ok(counts)
    }

    fn add<'o>(&mut self, archive: &Archive<'o>, searched: bool) -> Result<(), ArchiveError<'o>> {
        self.archives = self.archives.saturating_add(1);
        for member in archive.members().filter(ArchiveMember::is_elf) {
            self.units = self.units.saturating_add(1);
            if searched {
                let count = Globals::of(member.bytes).definitions().count();
                self.definitions = self.definitions.saturating_add(count);
            }
        }
        if self.units.max(self.definitions) >= LIMIT || u32::try_from(archive.bytes.len()).is_err()
        {
            return Err(ArchiveError::TooLarge { archive: archive.name() });
        }
        Ok(())
    }

    /// All records, those of the link order included.
    pub(super) const fn total(&self) -> usize {
        self.archives
            .saturating_add(self.units)
            .saturating_add(self.units)
            .saturating_add(self.queue)
            .saturating_add(self.names)
            .saturating_add(self.definitions)
    }
}

impl<'i, 'o, 's> Index<'i, 'o, 's> {
    /// Enters all inputs; returns the records that are left.
    pub(super) fn new(
        inputs: &'i [LinkInput<'i, 'o>],
        counts: &Counts,
        scratch: &'s mut [Scratch],
    ) -> Result<(Self, &'s mut [Scratch]), ArchiveError<'o>> {
        let too_few = ArchiveError::Scratch { needed: counts.total(), lent: scratch.len() };
        let (mut index, rest) = Self::split(inputs, counts, scratch).ok_or(too_few)?;
        let crowded = |archive: &Archive<'o>| ArchiveError::Crowded { archive: archive.name() };
        let mut end = End::default();
        for (number, input) in (0u32..).zip(inputs) {
            match input {
                LinkInput::Object(_) => {
                    index.add_unit(&mut end, 0, number).ok_or(too_few)?;
                }
                LinkInput::Whole(archive) => {
                    let added = index.add_archive(&mut end, number, 0, archive, false);
                    added.ok_or(too_few)?;
                }
                LinkInput::Archive(archive) => {
                    let added = index.add_archive(&mut end, number, 0, archive, true);
                    added.ok_or(crowded(archive))?;
                }
                LinkInput::Group(group) => {
                    for (place, archive) in (0u32..).zip(group.iter()) {
                        let added = index.add_archive(&mut end, number, place, archive, true);
                        added.ok_or(crowded(archive))?;
                    }
                }
            }
        }
        Ok((index, rest))
    }

    /// An empty index, and the records that are left; `None` where there are too few.
    fn split(
        inputs: &'i [LinkInput<'i, 'o>],
        counts: &Counts,
        scratch: &'s mut [Scratch],
    ) -> Option<(Self, &'s mut [Scratch])> {
        let scratch = scratch.get_mut(..counts.total())?;
        scratch.fill(Scratch::ZERO);
        let (archives, scratch) = scratch.split_at_mut_checked(counts.archives)?;
        let (units, scratch) = scratch.split_at_mut_checked(counts.units)?;
        let (names, scratch) = scratch.split_at_mut_checked(counts.names)?;
        let (definitions, scratch) = scratch.split_at_mut_checked(counts.definitions)?;
        Some((Self { inputs, archives, units, names, definitions }, scratch))
    }

    /// Enters an archive's members, and what they define; `None` where too many names fall into one
    /// place, as there are enough records.
    fn add_archive(
        &mut self,
        end: &mut End,
        input: u32,
        place: u32,
        archive: &Archive<'o>,
        searched: bool,
    ) -> Option<()> {
        let (first, at) = (end.unit, end.archive as usize);
        // Names are looked up by it from here on.
        *self.archives.get_mut(at)? = Scratch { word: join(input, place), low: first, high: first };
        for member in archive.members().filter(ArchiveMember::is_elf) {
            let unit = end.unit;
            self.add_unit(end, u32::try_from(member.offset).ok()?, end.archive)?;
            let globals = if searched { Globals::of(member.bytes) } else { Globals::default() };
            for global in globals.definitions() {
                let name_at = u32::try_from(member.start.checked_add(global.name_at)?).ok()?;
                let data = global.role == Role::Data;
                let definition = Definition { name_at, unit, next: end.definition, name: 0, data };
                self.enter(global.name, end.definition, definition)?;
                end.definition = end.definition.checked_add(1)?;
            }
        }
        self.archives.get_mut(at)?.high = end.unit;
        end.archive = end.archive.checked_add(1)?;
        Some(())
    }

    fn add_unit(&mut self, end: &mut End, offset: u32, source: u32) -> Option<()> {
        let first = end.definition;
        let unit = Unit { offset, first, source, queued: false, wanted: 0 };
        *self.units.get_mut(end.unit as usize)? = unit.pack();
        end.unit = end.unit.checked_add(1)?;
        Some(())
    }

    /// Adds a definition to those of its name.
    fn enter(&mut self, name: Name<'_>, number: u32, mut definition: Definition) -> Option<()> {
        let hash = hash::hash(name.as_bytes());
        let (at, record) = self.find(name, hash)?;
        definition.name = u32::try_from(at).ok()?;
        let mut known = Known::new((hash >> 32) as u32, number);
        if record.low != 0 {
            known = Known::unpack(record);
            let mut last = self.definition(known.last)?;
            (definition.next, last.next) = (last.next, number);
            self.set_definition(known.last, last);
            known.last = number;
        }
        self.set_definition(number, definition);
        self.set_known(definition.name, known);
        Some(())
    }

    fn find(&self, name: Name<'_>, hash: u64) -> Option<(usize, Scratch)> {
        hash::find(self.names, hash, |record| {
            let known = Known::unpack(record);
            known.hash == (hash >> 32) as u32 && self.name_of(known.last) == Some(name)
        })
    }

    /// The number of a name that a searched archive defines.
    pub(super) fn look_up(&self, name: Name<'_>) -> Option<u32> {
        let (at, record) = self.find(name, hash::hash(name.as_bytes()))?;
        if record.low == 0 {
            return None;
        }
        u32::try_from(at).ok()
    }

    /// The units of an archive.
    pub(super) fn units_of(&self, archive: u32) -> Range<u32> {
        self.archives.get(archive as usize).map_or(0..0, |record| record.low..record.high)
    }

    /// The definitions of some units.
    pub(super) fn definitions_of(&self, units: Range<u32>) -> Range<u32> {
        let first = |unit| self.unit(unit).map_or(self.definitions.len() as u32, |u| u.first);
        first(units.start)..first(units.end)
    }

    /// The object of a unit.
    pub(super) fn object(&self, unit: u32) -> Option<Result<Object<'o>, Error<'o>>> {
        match self.place(unit)? {
            Place::Input(object) => Some(Ok(*object)),
            Place::Member(archive, offset) => {
                archive.member_at(offset).map(|member| member.parse())
            }
        }
    }

    /// The name of a unit's object.
    pub(super) fn object_name(&self, unit: u32) -> Option<ObjectName<'o>> {
        match self.place(unit)? {
            Place::Input(object) => Some(object.name()),
            Place::Member(archive, offset) => {
                archive.member_at(offset).map(|member| member.object_name())
            }
        }
    }

    /// The name that a definition is of.
    pub(super) fn name_of(&self, definition: u32) -> Option<Name<'o>> {
        let definition = self.definition(definition)?;
        let archive = self.archive(self.unit(definition.unit)?.source)?;
        name_at(archive.bytes, definition.name_at)
    }

    pub(super) fn unit(&self, number: u32) -> Option<Unit> {
        self.units.get(number as usize).copied().map(Unit::unpack)
    }

    pub(super) fn set_unit(&mut self, number: u32, unit: Unit) {
        if let Some(record) = self.units.get_mut(number as usize) {
            *record = unit.pack();
        }
    }

    pub(super) fn known(&self, name: u32) -> Option<Known> {
        self.names.get(name as usize).copied().map(Known::unpack)
    }

    pub(super) fn set_known(&mut self, name: u32, known: Known) {
        if let Some(record) = self.names.get_mut(name as usize) {
            *record = known.pack();
        }
    }

    pub(super) fn definition(&self, number: u32) -> Option<Definition> {
        self.definitions.get(number as usize).copied().map(Definition::unpack)
    }

    fn set_definition(&mut self, number: u32, definition: Definition) {
        if let Some(record) = self.definitions.get_mut(number as usize) {
            *record = definition.pack();
        }
    }

    fn archive(&self, number: u32) -> Option<&'i Archive<'o>> {
        let (input, place) = split(self.archives.get(number as usize)?.word);
        match self.inputs.get(input as usize)? {
            LinkInput::Archive(archive) | LinkInput::Whole(archive) => Some(archive),
            LinkInput::Group(group) => group.get(place as usize),
            LinkInput::Object(_) => None,
        }
    }

    fn place(&self, unit: u32) -> Option<Place<'i, 'o>> {
        let unit = self.unit(unit)?;
        if unit.offset != 0 {
            return Some(Place::Member(self.archive(unit.source)?, unit.offset as usize));
        }
        match self.inputs.get(unit.source as usize)? {
            LinkInput::Object(object) => Some(Place::Input(object)),
            _ => None,
        }
    }
}

/// Where a unit is found.
enum Place<'i, 'o> {
    Input(&'i Object<'o>),
    Member(&'i Archive<'o>, usize),
}

/// How many records of each sort are written.
#[derive(Default)]
struct End {
    archive: u32,
    unit: u32,
    definition: u32,
}
