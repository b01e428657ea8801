//! Which modules are loaded, and in which order, so that each finds what it needs.
//!
//! | file | what it does |
//! | --- | --- |
//! | `search` | the walk from what is wanted to what that needs |
//! | `records` | the working memory: names, candidates, dependencies still to follow |
//! | `error` | what is refused |

mod error;
mod records;
mod search;

use core::fmt;

pub use error::{DependencyCycle, OrderError};

use crate::metadata::{Metadata, MetadataError, Version};
use crate::object::Object;
use crate::registry::order::records::{member, records_for};
use crate::registry::order::search::{Search, Stop};
use crate::scratch::Scratch;

/// A module that could be loaded: its objects, and what they say about it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a, 'o> {
    objects: &'a [Object<'o>],
    metadata: Metadata<'a, 'o>,
    name: Option<&'a str>,
}

impl<'a, 'o> Candidate<'a, 'o> {
    /// The module that these objects make.
    ///
    /// # Errors
    /// As for [`Metadata::of`].
    pub fn new(objects: &'a [Object<'o>]) -> Result<Self, MetadataError<'o>> {
        let metadata = Metadata::of(objects)?;
        Ok(Self { objects, metadata, name: metadata.name() })
    }

    /// Calls it so, whatever its metadata says. It has to be loaded under that name
    /// ([`LoadRequest::named`](crate::LoadRequest::named)), which of a group only the first can be.
    pub const fn named(self, name: &'a str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// What it is called.
    pub const fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// Its objects.
    pub const fn objects(&self) -> &'a [Object<'o>] {
        self.objects
    }

    /// What they say about it.
    pub const fn metadata(&self) -> &Metadata<'a, 'o> {
        &self.metadata
    }

    /// Its name, for those that were found to have one.
    fn title(&self) -> &'a str {
        self.name.unwrap_or_default()
    }
}

/// What becomes of modules that need each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cycles {
    /// They are one step, to be loaded as a [group](crate::LoadRequest::grouped). A module that
    /// needs itself is a step as any other.
    Group,
    /// They are refused, and so is a module that needs itself.
    Refuse,
}

/// The modules that have to be loaded for those that are wanted: what a module needs comes before
/// it, each once, and nothing that none of them needs.
///
/// What a module needs is what [its notes](Metadata::dependencies) name, in the versions that they
/// name. Symbols are not looked at. Among modules that do not need each other the order is that of
/// the wanted names, then that of the notes. Whatever is there already counts as loaded.
///
/// It takes time in proportion to the candidates' names, sorted, and the notes of those that are
/// loaded; no recursion.
///
/// ```
/// use loader_core::{Candidate, Cycles, LoadOrder, Object, Scratch, Version};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let blink = [Object::parse("blink.o", include_bytes!("../../../doc/blink.o"))?];
/// let gpio = [Object::parse("gpio.o", include_bytes!("../../../doc/gpio.o"))?];
/// let candidates = [Candidate::new(&blink)?, Candidate::new(&gpio)?];
///
/// let mut scratch = [Scratch::ZERO; 8];
/// assert!(LoadOrder::scratch_len(&candidates) <= scratch.len());
/// // Nothing is loaded yet; else `reader.module(name).map(|module| module.version)`.
/// let present = |_: &str| None;
/// let order = LoadOrder::new(&candidates, &["blink"], &present, Cycles::Refuse, &mut scratch)
///     .map_err(|error| error.to_string())?; // it borrows the working memory
/// let names = order.steps().flat_map(|step| step.candidates()).map(|module| module.name());
/// assert!(names.eq([Some("gpio"), Some("blink")]));
///
/// // `gpio` is there, too old for `blink`.
/// let present = |name: &str| (name == "gpio").then_some(Version::new(0, 9, 0));
/// let error = LoadOrder::new(&candidates, &["blink"], &present, Cycles::Refuse, &mut scratch);
/// assert_eq!(
///     error.unwrap_err().to_string(),
///     "blink needs gpio >=1.0.0, <2.0.0, and gpio 0.9.0 is loaded; replace it first",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct LoadOrder<'c, 'o, 's> {
    candidates: &'c [Candidate<'c, 'o>],
    members: &'s [Scratch],
}

impl<'c, 'o, 's> LoadOrder<'c, 'o, 's> {
    /// How many records of working memory [`new`](Self::new) takes: two for each candidate, and
    /// one for each module that its notes say it needs. This reads all notes.
    pub fn scratch_len(candidates: &[Candidate<'_, '_>]) -> usize {
        records_for(candidates)
    }

    /// Works out what to load for the modules of these names. `present` gives the version of a
    /// module that is loaded already, by its name: a [`RegistryReader`](crate::RegistryReader)
    /// knows.
    ///
    /// All candidates need names, each another one, whether they are wanted or not.
    ///
    /// # Errors
    /// [`OrderError`].
    pub fn new(
        candidates: &'c [Candidate<'c, 'o>],
        wanted: &[&'c str],
        present: &dyn Fn(&str) -> Option<Version>,
        cycles: Cycles,
        scratch: &'s mut [Scratch],
    ) -> Result<Self, OrderError<'c, 's>> {
        let mut search = Search::new(candidates, present, cycles, scratch)?;
        match search.run(wanted) {
            Ok(()) => Ok(Self { candidates, members: search.into_order() }),
            Err(Stop::Cycle(start)) => {
                let members = search.into_path(start);
                Err(OrderError::Cycle(DependencyCycle { candidates, members }))
            }
            Err(Stop::Refused(error)) => Err(error),
        }
    }

    /// What to load, first to last.
    pub fn steps(&self) -> impl Iterator<Item = LoadStep<'c, 'o, 's>> + use<'c, 'o, 's> {
        let candidates = self.candidates;
        let steps = self.members.split_inclusive(|record| member(record).is_last);
        steps.map(move |members| LoadStep { candidates, members })
    }
}

/// What is loaded at once: a module, or several that need each other.
#[derive(Clone, Copy)]
pub struct LoadStep<'c, 'o, 's> {
    candidates: &'c [Candidate<'c, 'o>],
    /// At least one.
    members: &'s [Scratch],
}

impl<'c, 'o, 's> LoadStep<'c, 'o, 's> {
    /// The module; `None` where there are several, to be loaded as a
    /// [group](crate::LoadRequest::grouped).
    pub fn one(&self) -> Option<&'c Candidate<'c, 'o>> {
        self.candidates().next().filter(|_| self.members.len() == 1)
    }

    /// The modules. Of several, one comes behind what it needs where the cycle lets it.
    pub fn candidates(&self) -> impl Iterator<Item = &'c Candidate<'c, 'o>> + use<'c, 'o, 's> {
        members(self.candidates, self.members)
    }

    /// Their objects, in the order that a [group](crate::LoadRequest::grouped) has to have them.
    pub fn objects(&self) -> impl Iterator<Item = Object<'o>> + use<'c, 'o, 's> {
        self.candidates().flat_map(|candidate| candidate.objects).copied()
    }
}

/// The candidates that a list of records names.
fn members<'c, 'o, 's>(
    candidates: &'c [Candidate<'c, 'o>],
    list: &'s [Scratch],
) -> impl DoubleEndedIterator<Item = &'c Candidate<'c, 'o>> + Clone + use<'c, 'o, 's> {
    list.iter().filter_map(|record| candidates.get(member(record).candidate as usize))
}

impl fmt::Debug for LoadOrder<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.steps()).finish()
    }
}

impl fmt::Debug for LoadStep<'_, '_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.candidates().map(Candidate::title)).finish()
    }
}
