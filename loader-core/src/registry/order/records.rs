//! The working memory of an order: what each record holds, and where.
//!
//! | records | `word` | `low` | `high` |
//! | --- | --- | --- | --- |
//! | names, one for each candidate, sorted | the hash of a name | whose it is | the order: a candidate, and whether it ends a step |
//! | nodes, one for each candidate | when it was reached, and the earliest that it leads back to | its first dependency on the stack | a candidate on the way, or waiting for its group |
//! | needs, one for each dependency note | | a candidate that is still to be followed | |
//!
//! The last column of the nodes is two stacks that grow towards each other. A candidate is in one
//! of the two at most, so they never meet.

use crate::hash::hash;
use crate::name::ObjectName;
use crate::object::Object;
use crate::registry::order::{Candidate, OrderError};
use crate::scratch::Scratch;
use crate::sort::sort_by_key;

/// Says that a member of the order is the last of its step.
const LAST: u32 = 1 << 31;

/// How many records an order takes; of more candidates or notes than can be numbered, more than
/// there can be.
pub(super) fn records_for(candidates: &[Candidate<'_, '_>]) -> usize {
    let notes = |candidate: &Candidate<'_, '_>| candidate.metadata.dependencies().count();
    let notes = candidates.iter().map(notes).fold(0, usize::saturating_add);
    if candidates.len() >= LAST as usize || notes >= LAST as usize {
        return usize::MAX;
    }
    candidates.len().saturating_mul(2).saturating_add(notes)
}

/// A candidate in a list.
pub(super) struct Member {
    pub(super) candidate: u32,
    pub(super) is_last: bool,
}

/// The member that a record of a name or a node holds besides.
pub(super) const fn member(record: &Scratch) -> Member {
    Member { candidate: record.high & !LAST, is_last: record.high & LAST != 0 }
}

/// What the search knows of a candidate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// Its number among those that were reached, from 1 on; 0 if it was not, and `DONE`.
    pub(super) reached: u32,
    /// The least such number that it is known to lead to.
    pub(super) earliest: u32,
    /// How many dependencies were to be followed before it was reached.
    pub(super) needs: u32,
}

impl Node {
    /// Of one that is in the order; greater than every number, so that it is the earliest of none.
    pub(super) const DONE: u32 = u32::MAX;
}

/// All records.
pub(super) struct Records<'s> {
    pub(super) names: &'s mut [Scratch],
    pub(super) nodes: &'s mut [Scratch],
    pub(super) needs: &'s mut [Scratch],
}

impl<'s> Records<'s> {
    /// Divides what was lent, and enters the names.
    pub(super) fn new<'c>(
        candidates: &'c [Candidate<'c, '_>],
        scratch: &'s mut [Scratch],
    ) -> Result<Self, OrderError<'c, 'static>> {
        let (needed, lent) = (records_for(candidates), scratch.len());
        let parts = scratch.get_mut(..needed).and_then(|scratch| {
            let (names, rest) = scratch.split_at_mut_checked(candidates.len())?;
            let (nodes, needs) = rest.split_at_mut_checked(candidates.len())?;
            Some(Self { names, nodes, needs })
        });
        let records = parts.ok_or(OrderError::Scratch { needed, lent })?;
        records.nodes.fill(Scratch::ZERO);
        for (record, (number, candidate)) in records.names.iter_mut().zip((0u32..).zip(candidates))
        {
            let object = first_object(candidate);
            let unnamed = OrderError::Unnamed { candidate: number as usize, object };
            let hash = hash(candidate.name.ok_or(unnamed)?.as_bytes());
            *record = Scratch { word: hash, low: number, high: 0 };
        }
        // Sorted rather than hashed into buckets: names can be made to share one.
        sort_by_key(records.names, |record| (key(candidates, record), record.low));
        for pair in records.names.windows(2) {
            if let [a, b] = pair
                && key(candidates, a) == key(candidates, b)
                && let Some([first, second]) = both(candidates, [a, b])
            {
                let name = first.title();
                let [first, second] = [first, second].map(first_object);
                return Err(OrderError::Duplicate { name, first, second });
            }
        }
        Ok(records)
    }

    /// The candidate of this name.
    pub(super) fn find(&self, candidates: &[Candidate<'_, '_>], name: &str) -> Option<u32> {
        let wanted = (hash(name.as_bytes()), name);
        let at = self.names.partition_point(|record| key(candidates, record) < wanted);
        let record = self.names.get(at)?;
        (key(candidates, record) == wanted).then_some(record.low)
    }

    pub(super) fn node(&self, candidate: u32) -> Option<Node> {
        let record = self.nodes.get(candidate as usize)?;
        let (reached, earliest) = ((record.word >> 32) as u32, record.word as u32);
        Some(Node { reached, earliest, needs: record.low })
    }

    pub(super) fn set_node(&mut self, candidate: u32, node: Node) {
        if let Some(record) = self.nodes.get_mut(candidate as usize) {
            record.word = u64::from(node.reached) << 32 | u64::from(node.earliest);
            record.low = node.needs;
        }
    }

    /// What stands at a place of the two stacks.
    pub(super) fn stacked(&self, at: usize) -> Option<u32> {
        self.nodes.get(at).map(|record| record.high)
    }

    pub(super) fn stack(&mut self, at: usize, candidate: u32) {
        if let Some(record) = self.nodes.get_mut(at) {
            record.high = candidate;
        }
    }

    /// Puts a candidate in the order.
    pub(super) fn order(&mut self, at: usize, candidate: u32, is_last: bool) {
        if let Some(record) = self.names.get_mut(at) {
            record.high = candidate | if is_last { LAST } else { 0 };
        }
    }
}

/// What names are sorted by.
fn key<'c>(candidates: &'c [Candidate<'_, '_>], record: &Scratch) -> (u64, &'c str) {
    (record.word, candidates.get(record.low as usize).map_or("", Candidate::title))
}

fn both<'c, 'o>(
    candidates: &'c [Candidate<'c, 'o>],
    [a, b]: [&Scratch; 2],
) -> Option<[&'c Candidate<'c, 'o>; 2]> {
    Some([candidates.get(a.low as usize)?, candidates.get(b.low as usize)?])
}

fn first_object<'c>(candidate: &Candidate<'c, '_>) -> ObjectName<'c> {
    candidate.objects.first().map(Object::name).unwrap_or_default()
}
