//! Why there is no order.

use core::fmt;

use crate::metadata::{Version, VersionRange};
use crate::name::ObjectName;
use crate::registry::order::{Candidate, members};
use crate::scratch::Scratch;

/// Why modules cannot be loaded in any order, or which of them are meant cannot be said.
///
/// Its `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum OrderError<'c, 's> {
    /// Modules need each other.
    Cycle(DependencyCycle<'c, 's>),
    /// Two candidates have one name.
    Duplicate {
        /// The name.
        name: &'c str,
        /// The first object of one of them.
        first: ObjectName<'c>,
        /// The first object of the other.
        second: ObjectName<'c>,
    },
    /// A module that one needs is neither loaded nor a candidate.
    Missing {
        /// The module that needs it.
        module: &'c str,
        /// What it needs.
        needs: &'c str,
        /// In which versions.
        versions: VersionRange,
    },
    /// Too few scratch records were lent.
    Scratch {
        /// How many are needed.
        needed: usize,
        /// How many were lent.
        lent: usize,
    },
    /// A module that is wanted is neither loaded nor a candidate.
    Unknown {
        /// Its name.
        name: &'c str,
    },
    /// A candidate has no name, so that nobody can want or need it.
    Unnamed {
        /// Its place among the candidates.
        candidate: usize,
        /// Its first object.
        object: ObjectName<'c>,
    },
    /// A candidate has a version that will not do for a module that needs it.
    WrongCandidate {
        /// The module that needs it.
        module: &'c str,
        /// What it needs.
        needs: &'c str,
        /// In which versions.
        versions: VersionRange,
        /// The candidate's version.
        found: Version,
    },
    /// A module is loaded in a version that will not do for one that needs it.
    WrongPresent {
        /// The module that needs it.
        module: &'c str,
        /// What it needs.
        needs: &'c str,
        /// In which versions.
        versions: VersionRange,
        /// The version that is loaded.
        found: Version,
    },
}

/// Modules of which each needs the next, and the last the first: of which none can be loaded first.
///
/// Its `Display` is `a needs b, b needs c, c needs a`.
#[derive(Clone, Copy)]
pub struct DependencyCycle<'c, 's> {
    pub(super) candidates: &'c [Candidate<'c, 'c>],
    pub(super) members: &'s [Scratch],
}

impl<'c> DependencyCycle<'c, '_> {
    /// Their names; each module needs the one behind it.
    pub fn modules(&self) -> impl Iterator<Item = &'c str> + Clone {
        members(self.candidates, self.members).map(Candidate::title)
    }
}

impl PartialEq for DependencyCycle<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        self.modules().eq(other.modules())
    }
}

impl fmt::Debug for DependencyCycle<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.modules()).finish()
    }
}

impl fmt::Display for DependencyCycle<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.modules().skip(1).chain(self.modules().take(1));
        for (number, (module, needs)) in self.modules().zip(next).enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{module} needs {needs}")?;
        }
        Ok(())
    }
}

impl fmt::Display for OrderError<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle(cycle) => write!(f, "{cycle}; load them as a group, or break the cycle"),
            Self::Duplicate { name, first, second } => write!(
                f,
                "two candidates are called {name}: that of {first} and that of {second}; leave one out"
            ),
            Self::Missing { module, needs, versions } => write!(
                f,
                "{module} needs {needs} {versions}, which is neither loaded nor a candidate; add it"
            ),
            Self::Scratch { needed, lent } => write!(
                f,
                "the order needs {needed} scratch records and {lent} were lent; lend as many as \
                 LoadOrder::scratch_len says"
            ),
            Self::Unknown { name } => write!(
                f,
                "{name} is wanted, and neither loaded nor a candidate; add it, or correct the name"
            ),
            Self::Unnamed { candidate, object } => {
                write!(f, "candidate {candidate}, {object}, has no name; give it one, or metadata")
            }
            Self::WrongCandidate { module, needs, versions, found } => write!(
                f,
                "{module} needs {needs} {versions}, and the candidate is {needs} {found}; offer one \
                 that fits"
            ),
            Self::WrongPresent { module, needs, versions, found } => write!(
                f,
                "{module} needs {needs} {versions}, and {needs} {found} is loaded; replace it first"
            ),
        }
    }
}

impl core::error::Error for OrderError<'_, '_> {}
