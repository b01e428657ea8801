//! From what is wanted to what that needs, and back: depth first, without recursion.
//!
//! Modules that need each other are found as Tarjan does, in D. J. Pearce's form ("A space-efficient
//! algorithm for finding strongly connected components", 2016): a candidate waits only once all that
//! it needs was followed, so that the way and those who wait share one column.

use crate::metadata::{Dependency, Version};
use crate::registry::order::records::{Node, Records};
use crate::registry::order::{Candidate, Cycles, OrderError};
use crate::scratch::Scratch;

/// Why a search ends before its end.
pub(super) enum Stop<'c> {
    /// The way from this place on is a cycle.
    Cycle(usize),
    /// Something else is wrong.
    Refused(OrderError<'c, 'static>),
}

impl<'c> From<OrderError<'c, 'static>> for Stop<'c> {
    fn from(error: OrderError<'c, 'static>) -> Self {
        Self::Refused(error)
    }
}

/// A search under way.
pub(super) struct Search<'p, 'c, 'o, 's> {
    candidates: &'c [Candidate<'c, 'o>],
    present: &'p dyn Fn(&str) -> Option<Version>,
    cycles: Cycles,
    records: Records<'s>,
    /// How many candidates were reached.
    reached: u32,
    /// How many are on the way from a wanted one to the one that is looked at.
    path: usize,
    /// How many wait for the one that their group was reached by.
    waiting: usize,
    /// How many dependencies are still to be followed.
    needs: usize,
    /// How many are in the order.
    ordered: usize,
}

impl<'p, 'c, 'o, 's> Search<'p, 'c, 'o, 's> {
    pub(super) fn new(
        candidates: &'c [Candidate<'c, 'o>],
        present: &'p dyn Fn(&str) -> Option<Version>,
        cycles: Cycles,
        scratch: &'s mut [Scratch],
    ) -> Result<Self, OrderError<'c, 'static>> {
        let records = Records::new(candidates, scratch)?;
        let (reached, path, waiting, needs, ordered) = (0, 0, 0, 0, 0);
        Ok(Self { candidates, present, cycles, records, reached, path, waiting, needs, ordered })
    }

    pub(super) fn run(&mut self, wanted: &[&'c str]) -> Result<(), Stop<'c>> {
        for &name in wanted {
            if (self.present)(name).is_some() {
                continue;
            }
            let found = self.records.find(self.candidates, name);
            self.follow(found.ok_or(OrderError::Unknown { name })?)?;
            self.walk()?;
        }
        Ok(())
    }

    /// The records that hold the order.
    pub(super) fn into_order(self) -> &'s [Scratch] {
        let names: &'s [Scratch] = self.records.names;
        names.get(..self.ordered).unwrap_or_default()
    }

    /// The records that hold the way, from a place on.
    pub(super) fn into_path(self, start: usize) -> &'s [Scratch] {
        let nodes: &'s [Scratch] = self.records.nodes;
        nodes.get(start..self.path).unwrap_or_default()
    }

    /// Walks until the way is at its end: each turn follows a dependency, or leaves a candidate.
    fn walk(&mut self) -> Result<(), Stop<'c>> {
        while let Some(here) = self.here() {
            match self.next_need(here) {
                Some(next) => self.follow(next)?,
                None => self.leave(here),
            }
        }
        Ok(())
    }

    fn here(&self) -> Option<u32> {
        self.records.stacked(self.path.checked_sub(1)?)
    }

    /// Takes a dependency of the candidate at the end of the way off the stack.
    fn next_need(&mut self, here: u32) -> Option<u32> {
        let last = self.needs.checked_sub(1)?;
        if last < self.records.node(here)?.needs as usize {
            return None; // it belongs to one further up the way
        }
        self.needs = last;
        self.records.needs.get(last).map(|record| record.low)
    }

    fn follow(&mut self, next: u32) -> Result<(), Stop<'c>> {
        match self.records.node(next) {
            Some(Node { reached: 0, .. }) => self.enter(next)?,
            Some(Node { reached: Node::DONE, .. }) | None => {}
            // Nobody waits where cycles are refused, so it is on the way.
            Some(_) if self.cycles == Cycles::Refuse => {
                let mut way = 0..self.path;
                let start = way.find(|&at| self.records.stacked(at) == Some(next));
                return Err(Stop::Cycle(start.unwrap_or(0)));
            }
            Some(node) => self.leads_to(node.earliest),
        }
        Ok(())
    }

    /// Goes on to a candidate, and puts all that it needs on the stack.
    fn enter(&mut self, next: u32) -> Result<(), Stop<'c>> {
        self.reached = self.reached.saturating_add(1);
        let number = self.reached;
        let first = self.needs;
        let node = Node { reached: number, earliest: number, needs: first as u32 };
        self.records.set_node(next, node);
        self.records.stack(self.path, next);
        self.path = self.path.saturating_add(1);
        let Some(candidate) = self.candidates.get(next as usize) else { return Ok(()) };
        for dependency in candidate.metadata.dependencies() {
            if let Some(needed) = self.needed(candidate, dependency)?
                && let Some(record) = self.records.needs.get_mut(self.needs)
            {
                record.low = needed;
                self.needs = self.needs.saturating_add(1);
            }
        }
        // The first of its notes is the first to be followed.
        self.records.needs.get_mut(first..self.needs).unwrap_or_default().reverse();
        Ok(())
    }

    /// The candidate that a dependency means; `None` where it is loaded already.
    fn needed(
        &self,
        candidate: &Candidate<'c, 'o>,
        dependency: Dependency<'o>,
    ) -> Result<Option<u32>, OrderError<'c, 'static>> {
        let Dependency { name: needs, versions } = dependency;
        let module = candidate.title();
        if let Some(found) = (self.present)(needs) {
            let wrong = OrderError::WrongPresent { module, needs, versions, found };
            return if versions.contains(found) { Ok(None) } else { Err(wrong) };
        }
        let number = self.records.find(self.candidates, needs);
        let other = number.and_then(|number| self.candidates.get(number as usize));
        let missing = OrderError::Missing { module, needs, versions };
        let found = other.ok_or(missing)?.metadata.version();
        let wrong = OrderError::WrongCandidate { module, needs, versions, found };
        if versions.contains(found) { Ok(number) } else { Err(wrong) }
    }

    /// Says that the candidate at the end of the way leads to one that was reached as this number.
    fn leads_to(&mut self, earliest: u32) {
        let Some(here) = self.here() else { return };
        if let Some(node) = self.records.node(here) {
            let earliest = node.earliest.min(earliest);
            self.records.set_node(here, Node { earliest, ..node });
        }
    }

    /// Goes back from a candidate: all that it needs was followed.
    fn leave(&mut self, here: u32) {
        self.path = self.path.saturating_sub(1);
        let Some(node) = self.records.node(here) else { return };
        if node.earliest < node.reached {
            self.waiting = self.waiting.saturating_add(1);
            self.records.stack(self.wait_place(self.waiting), here);
            self.leads_to(node.earliest);
            return;
        }
        // Whoever began to wait since it was reached leads to it, as it leads to them.
        let belongs = |at: usize| {
            let waiting = self.records.stacked(self.wait_place(at))?;
            Some(self.records.node(waiting)?.reached > node.reached)
        };
        let all = self.waiting;
        let others = (1..=all).rev().take_while(|&at| belongs(at) == Some(true)).count();
        self.waiting = all.saturating_sub(others);
        for at in self.waiting.saturating_add(1)..=all {
            if let Some(member) = self.records.stacked(self.wait_place(at)) {
                self.put_in_order(member, false);
            }
        }
        self.put_in_order(here, true);
    }

    /// Where the n-th of those who wait stands, counted from 1: from the end on downwards.
    fn wait_place(&self, number: usize) -> usize {
        self.candidates.len().saturating_sub(number)
    }

    fn put_in_order(&mut self, candidate: u32, is_last: bool) {
        let done = Node { reached: Node::DONE, earliest: Node::DONE, needs: 0 };
        self.records.set_node(candidate, done);
        self.records.order(self.ordered, candidate, is_last);
        self.ordered = self.ordered.saturating_add(1);
    }
}
