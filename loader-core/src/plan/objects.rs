//! The objects of a plan.

use core::slice;

use crate::features::SEVERAL_OBJECTS;
use crate::object::Object;

/// The objects of a plan, of which there is one at the least. Where there is but one, the compiler
/// sees that in every loop over them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Objects<'o, 's> {
    first: &'s Object<'o>,
    all: &'s [Object<'o>],
}

impl<'o, 's> Objects<'o, 's> {
    /// All of some, or the first alone, where several are not compiled in; `None` for none at all.
    pub(crate) const fn new(all: &'s [Object<'o>]) -> Option<Self> {
        match all {
            [first, ..] => Some(Self { first, all }),
            [] => None,
        }
    }

    pub(crate) const fn all(self) -> &'s [Object<'o>] {
        if SEVERAL_OBJECTS { self.all } else { slice::from_ref(self.first) }
    }

    pub(crate) const fn first(self) -> &'s Object<'o> {
        self.first
    }

    /// The object with a number; clients' numbers are asked here, and may be any.
    pub(crate) fn get(self, number: usize) -> Option<&'s Object<'o>> {
        self.all().get(number)
    }

    pub(crate) fn iter(self) -> slice::Iter<'s, Object<'o>> {
        self.all().iter()
    }
}
