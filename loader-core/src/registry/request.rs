//! What a client asks for, and what the metadata of its objects says of each module.

use core::ops::Range;

use crate::metadata::{Metadata, Version};
use crate::object::Object;
use crate::plan::{Kept, PlanOptions};
use crate::registry::{ModuleName, RegistryError};
use crate::scratch::Scratch;
use crate::thread_locals::ThreadLocals;

/// What a client asks a registry to load.
pub struct LoadRequest<'a, 'x, 's> {
    pub(super) objects: &'s [Object<'x>],
    pub(super) scratch: &'s mut [Scratch],
    pub(super) options: PlanOptions<'a>,
    pub(super) name: Option<&'a str>,
    pub(super) parts: &'a [usize],
    pub(super) grants: &'a [&'a str],
    pub(super) thread_locals: &'a dyn ThreadLocals,
    pub(super) namespace: Option<&'a str>,
}

impl<'a, 'x, 's> LoadRequest<'a, 'x, 's> {
    /// One module out of these objects, with working memory lent until it is published: as many
    /// records as [`scratch_len`](crate::scratch_len) says. It is called what its metadata says,
    /// is granted no namespace, and keeps its exports.
    pub fn new(objects: &'s [Object<'x>], scratch: &'s mut [Scratch]) -> Self {
        let options = PlanOptions { kept: Kept::Exports, ..PlanOptions::default() };
        Self {
            objects,
            scratch,
            options,
            name: None,
            parts: &[],
            grants: &[],
            thread_locals: &(),
            namespace: None,
        }
    }

    /// Calls it so, whatever its metadata says.
    pub const fn named(self, name: &'a str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Lets it see what is exported in these namespaces.
    pub const fn granted(self, namespaces: &'a [&'a str]) -> Self {
        Self { grants: namespaces, ..self }
    }

    /// Puts its exports into this namespace, whatever its metadata says: those who are not granted
    /// it do not see them, and may have symbols of the same names.
    pub const fn exporting_to(self, namespace: &'a str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// Plans it so. What other modules are to see must be [kept](PlanOptions::kept); finalisers are
    /// kept at the least.
    pub const fn with_options(self, options: PlanOptions<'a>) -> Self {
        Self { options, ..self }
    }

    /// Has these thread-local variables.
    pub const fn with_thread_locals(self, thread_locals: &'a dyn ThreadLocals) -> Self {
        Self { thread_locals, ..self }
    }

    /// The objects are those of several modules that need each other, and so are linked as one: so
    /// many of the first, so many of the second, and so on. Each has a name of its own, from its
    /// metadata; they come and go together. Their exports are in one namespace.
    pub const fn grouped(self, objects_of_each: &'a [usize]) -> Self {
        Self { parts: objects_of_each, ..self }
    }
}

/// The modules that a request names: one, or those of a group.
pub(super) struct Parts<'a, 'x> {
    pub(super) objects: &'a [Object<'x>],
    pub(super) counts: &'a [usize],
    pub(super) name: Option<&'a str>,
    pub(super) namespace: Option<&'a str>,
}

impl<'a, 'x> Parts<'a, 'x> {
    pub(super) fn len(&self) -> usize {
        self.counts.len().max(1)
    }

    /// Checks all metadata: what is asked for below is there from then on.
    pub(super) fn check(&self) -> Result<(), RegistryError<'x>> {
        self.namespace()?;
        (0..self.len()).try_for_each(|part| self.name(part).map(|_| ()))
    }

    fn range(&self, part: usize) -> Range<usize> {
        let all = self.objects.len();
        if self.counts.is_empty() {
            return 0..all;
        }
        let before = self.counts.iter().take(part);
        let start = before.fold(0usize, |sum, count| sum.saturating_add(*count)).min(all);
        let len = self.counts.get(part).copied().unwrap_or(0);
        let last = part.saturating_add(1) == self.counts.len();
        start..if last { all } else { start.saturating_add(len).min(all) }
    }

    pub(super) fn metadata(&self, part: usize) -> Result<Metadata<'a, 'x>, RegistryError<'x>> {
        let objects = self.objects.get(self.range(part)).unwrap_or_default();
        Ok(Metadata::of(objects)?)
    }

    pub(super) fn name(&self, part: usize) -> Result<ModuleName, RegistryError<'x>> {
        let own = self.name.filter(|_| part == 0);
        let metadata = self.metadata(part)?;
        let name = own.or(metadata.name()).filter(|name| !name.is_empty());
        name_of(name.ok_or(RegistryError::Unnamed)?)
    }

    pub(super) fn version(&self, part: usize) -> Result<Version, RegistryError<'x>> {
        Ok(self.metadata(part)?.version())
    }

    /// The one namespace of all parts.
    pub(super) fn namespace(&self) -> Result<ModuleName, RegistryError<'x>> {
        if let Some(namespace) = self.namespace {
            return name_of(namespace);
        }
        let first = self.metadata(0)?.namespace();
        for part in 1..self.len() {
            if self.metadata(part)?.namespace() != first {
                return Err(RegistryError::MixedNamespaces);
            }
        }
        first.map_or(Ok(ModuleName::EMPTY), name_of)
    }
}

fn name_of<'x>(name: &str) -> Result<ModuleName, RegistryError<'x>> {
    let too_long = || RegistryError::NameTooLong { name: ModuleName::shown(name.into()) };
    ModuleName::new(name).ok_or_else(too_long)
}
