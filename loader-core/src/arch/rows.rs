//! An architecture's table of relocation types: its rows, found by number without a search, and their
//! names apart from them.

use super::Machine;
use super::brief::Brief;
use super::relocation::{Action, Relocation};

/// A row as the tables have it, with its name.
pub(super) struct Named {
    pub(super) number: u16,
    pub(super) name: &'static str,
    pub(super) action: Action,
}

impl Named {
    const fn row(&self, machine: Machine) -> Relocation {
        let Self { number, action, .. } = *self;
        Relocation { number, machine, brief: Brief::of(&action), action }
    }
}

/// A table of rows, found by number.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    /// The rows, by ascending number.
    pub(crate) rows: &'static [Relocation],
    /// For each number its row's place in `rows`, or [`NO_ROW`].
    pub(crate) index: &'static [u8],
}

/// In a table's index: a number without a row, which is past the end of every table.
const NO_ROW: u8 = u8::MAX;

impl Table {
    /// The row of a number.
    pub(crate) fn find(&self, number: u32) -> Option<&'static Relocation> {
        self.rows.get(self.place(number)?)
    }

    /// The place of a number's row; past the end where it has none.
    pub(super) fn place(&self, number: u32) -> Option<usize> {
        self.index.get(number as usize).map(|&place| place.into())
    }
}

/// The rows of a machine's table, which has `N` of them.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler for the tables, where a panic is an error"
)]
pub(super) const fn rows<const N: usize>(named: &[Named], machine: Machine) -> [Relocation; N] {
    let mut rows = [named[0].row(machine); N];
    let mut at = 0;
    while at < N {
        rows[at] = named[at].row(machine);
        at += 1;
    }
    rows
}

/// Their names.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler for the tables, where a panic is an error"
)]
pub(super) const fn names<const N: usize>(named: &[Named]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = named[at].name;
        at += 1;
    }
    names
}

/// For each number its row's place, up to the last.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler for the tables, where a panic is an error"
)]
pub(super) const fn index<const N: usize>(named: &[Named]) -> [u8; N] {
    assert!(named.len() < NO_ROW as usize);
    let mut index = [NO_ROW; N];
    let mut at = 0;
    while at < named.len() {
        let number = named[at].number as usize;
        assert!(at == 0 || (named[at - 1].number as usize) < number, "rows out of order");
        index[number] = at as u8;
        at += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small_and_its_size_a_power_of_two() {
        assert_eq!(size_of::<Relocation>(), 32);
    }
}
