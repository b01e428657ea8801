//! The order in which members are taken: GNU ld's.
//!
//! An archive is gone through from its first member to its last, and each member that defines what
//! is needed is taken on the way; then again, for what these need in turn, until it gives nothing
//! more. A group of archives is one archive after the other, each until it gives nothing more, and
//! then again all of them.
//!
//! Nothing is gone through here. A name that becomes needed is noted with that definition of it
//! which such a search would come by first, and the members so noted wait in a queue, by when the
//! search would come by. That it is the first one stays true until then, so each name is noted once.

use core::ops::Range;

use crate::archive::globals::{Globals, Role};
use crate::archive::index::Index;
use crate::archive::queue::{Queue, Visit};
use crate::archive::record::{Known, State, join};
use crate::archive::{ArchiveError, LinkInput};
use crate::name::Name;
use crate::scratch::Scratch;

/// Says whether a name is defined elsewhere.
pub(super) type Provided<'p> = &'p dyn Fn(Name<'_>) -> bool;

/// A link in the making.
pub(super) struct Search<'i, 'o, 's, 'p> {
    index: Index<'i, 'o, 's>,
    queue: Queue<'s>,
    /// What is taken: for which definition, counted from 1, needed by whom; the unit.
    order: &'s mut [Scratch],
    taken: usize,
    provided: Provided<'p>,
    /// The archives that are being searched, and their definitions; none between searches.
    archives: Range<u32>,
    definitions: Range<u32>,
    now: Now,
}

/// How far a search is.
#[derive(Debug, Clone, Copy, Default)]
struct Now {
    turn: u64,
    archive: u32,
    pass: u32,
    /// The next member to be come by.
    next: u32,
}

impl<'i, 'o, 's, 'p> Search<'i, 'o, 's, 'p> {
    /// Nothing is taken yet; `order` has a record for each unit, `queue` for each of one search.
    pub(super) fn new(
        index: Index<'i, 'o, 's>,
        queue: &'s mut [Scratch],
        order: &'s mut [Scratch],
        provided: Provided<'p>,
    ) -> Self {
        let (queue, now) = (Queue::new(queue), Now::default());
        Self { index, queue, order, taken: 0, provided, archives: 0..0, definitions: 0..0, now }
    }

    /// Goes through the inputs; returns the index, and what is taken in link order.
    pub(super) fn run(
        mut self,
        roots: &[Name<'_>],
    ) -> Result<(Index<'i, 'o, 's>, &'s [Scratch]), ArchiveError<'o>> {
        for root in roots {
            self.need(*root);
        }
        let (mut unit, mut archive) = (0u32, 0u32);
        for input in self.index.inputs {
            let count = match input {
                LinkInput::Object(_) => {
                    self.take(unit, None)?;
                    unit = unit.saturating_add(1);
                    continue;
                }
                LinkInput::Group(group) => group.len() as u32,
                LinkInput::Archive(_) | LinkInput::Whole(_) => 1,
            };
            let archives = archive..archive.saturating_add(count);
            let end = archives.clone().last().map(|last| self.index.units_of(last).end);
            let mut units = unit..end.unwrap_or(unit);
            (unit, archive) = (units.end, archives.end);
            match input {
                LinkInput::Whole(_) => units.try_for_each(|unit| self.take(unit, None))?,
                _ => self.search(archives, units)?,
            }
        }
        let Self { index, order, taken, .. } = self;
        Ok((index, order.get(..taken).unwrap_or_default()))
    }

    /// Takes what an archive or a group has for all that is needed.
    fn search(&mut self, archives: Range<u32>, units: Range<u32>) -> Result<(), ArchiveError<'o>> {
        self.now = Now { turn: 0, archive: archives.start, pass: 0, next: units.start };
        self.archives = archives;
        self.definitions = self.index.definitions_of(units);
        for number in self.definitions.clone() {
            let Some(definition) = self.index.definition(number) else { continue };
            let Some(known) = self.index.known(definition.name) else { continue };
            if known.from.is_none() && known.wants(definition) {
                self.note(definition.name, known, definition.unit);
            }
        }
        while let Some(visit) = self.queue.pop() {
            self.come_by(visit)?;
        }
        self.definitions = 0..0;
        Ok(())
    }

    /// Takes a member, unless what it was noted for has come from another one.
    fn come_by(&mut self, visit: Visit) -> Result<(), ArchiveError<'o>> {
        let Some(mut unit) = self.index.unit(visit.unit) else { return Ok(()) };
        unit.queued = false;
        self.index.set_unit(visit.unit, unit);
        if unit.wanted == 0 {
            return Ok(());
        }
        let next = visit.unit.saturating_add(1);
        self.now = Now { turn: visit.turn, archive: unit.source, pass: visit.pass, next };
        let wanted = self.index.definitions_of(visit.unit..next).find(|&number| {
            let definition = self.index.definition(number);
            let known = definition.and_then(|definition| self.index.known(definition.name));
            known.zip(definition).is_some_and(|(known, definition)| known.wants(definition))
        });
        self.take(visit.unit, wanted)
    }

    /// Makes a unit part of the link, for the sake of that definition of it.
    fn take(&mut self, unit: u32, wanted: Option<u32>) -> Result<(), ArchiveError<'o>> {
        let Some(object) = self.index.object(unit) else { return Ok(()) };
        let object = object?;
        let name = wanted.and_then(|number| self.index.definition(number));
        let known = name.and_then(|definition| self.index.known(definition.name));
        if let Some(record) = self.order.get_mut(self.taken) {
            let wanted = wanted.map_or(0, |number| number.wrapping_add(1));
            let needed_by = known.map_or(0, |known| known.needed_by);
            *record = Scratch { word: join(wanted, needed_by), low: unit, high: 0 };
            self.taken = self.taken.saturating_add(1);
        }
        for global in Globals::of(object.bytes).iter() {
            match global.role {
                Role::Need => self.need(global.name),
                Role::WeakNeed => {}
                role => self.define(global.name, role),
            }
        }
        Ok(())
    }

    /// Takes account of a need of the client, or of what was taken last.
    fn need(&mut self, name: Name<'_>) {
        let Some((number, mut known)) = self.look_up(name) else { return };
        if known.state != State::Idle {
            return;
        }
        known.state = State::Needed;
        known.needed_by = self.taken as u32;
        self.now_wanted(name, number, known);
    }

    /// Takes account of a definition in what was taken last.
    fn define(&mut self, name: Name<'_>, role: Role) {
        let Some((number, mut known)) = self.look_up(name) else { return };
        match (known.state, role) {
            (State::Defined, _)
            | (State::Common, Role::Common | Role::Weak)
            | (State::Weak, Role::Weak) => return,
            _ => {}
        }
        if let Some(from) = known.from.take()
            && let Some(mut unit) = self.index.unit(from)
        {
            unit.wanted = unit.wanted.saturating_sub(1);
            self.index.set_unit(from, unit);
        }
        if role == Role::Common {
            known.state = State::Common;
            known.needed_by = self.taken as u32;
            self.now_wanted(name, number, known);
        } else {
            known.state = if role == Role::Weak { State::Weak } else { State::Defined };
            self.index.set_known(number, known);
        }
    }

    fn look_up(&self, name: Name<'_>) -> Option<(u32, Known)> {
        let number = self.index.look_up(name)?;
        Some((number, self.index.known(number)?))
    }

    /// Notes a name, which is wanted from here on, with the definition that the search will come by
    /// first, if it will come by one.
    fn now_wanted(&mut self, name: Name<'_>, number: u32, mut known: Known) {
        if (self.provided)(name) {
            known.state = State::Defined;
        }
        self.index.set_known(number, known);
        let (mut first, mut at): (Option<Visit>, _) = (None, known.last);
        while let Some(definition) = self.index.definition(at) {
            if self.definitions.contains(&at) && known.wants(definition) {
                let visit = self.when(definition.unit);
                first = Some(first.map_or(visit, |first| first.min(visit)));
            }
            at = definition.next;
            if at == known.last {
                break;
            }
        }
        if let Some(first) = first {
            self.note(number, known, first.unit);
        }
    }

    /// Notes that a member is to be taken for a name.
    fn note(&mut self, number: u32, mut known: Known, from: u32) {
        let Some(mut unit) = self.index.unit(from) else { return };
        if !unit.queued {
            self.queue.push(self.when(from));
        }
        (unit.queued, unit.wanted) = (true, unit.wanted.saturating_add(1));
        self.index.set_unit(from, unit);
        known.from = Some(from);
        self.index.set_known(number, known);
    }

    /// When the search will come by a member.
    fn when(&self, unit: u32) -> Visit {
        let now = self.now;
        let archive = self.index.unit(unit).map_or(now.archive, |unit| unit.source);
        if archive == now.archive {
            let pass = now.pass.saturating_add(u32::from(unit < now.next));
            return Visit { turn: now.turn, pass, unit };
        }
        let round = if archive < now.archive { self.archives.len() as u32 } else { 0 };
        let turns = archive.wrapping_add(round).wrapping_sub(now.archive);
        Visit { turn: now.turn.saturating_add(turns.into()), pass: 0, unit }
    }
}
