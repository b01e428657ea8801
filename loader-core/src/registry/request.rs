//! What a client asks for, and what the metadata of its objects says of each module.

use crate::metadata::Metadata;
use crate::object::Object;
use crate::plan::{Kept, PlanOptions};
use crate::registry::memory::About;
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
    pub(super) grants: &'s [&'s str],
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

    /// Lets it see what is exported in these namespaces. The list is lent as working memory is, for
    /// [`PreparedModule::resolved`](crate::PreparedModule::resolved).
    pub const fn granted(self, namespaces: &'s [&'s str]) -> Self {
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
    ///
    /// They are between the client and the module, and the registry knows nothing of them: that
    /// one module uses another one's thread-local variable keeps neither from being unloaded or
    /// replaced, and no namespace or interface is looked at. Whoever hands out another module's
    /// variable [holds](crate::Registry::hold) that module for as long, or has the user's metadata
    /// name it as a dependency.
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

/// One of them.
pub(super) struct Part<'a, 'x> {
    objects: &'a [Object<'x>],
    /// The place of the first of its objects among all.
    pub(super) first_object: usize,
    /// What the request calls it.
    name: Option<&'a str>,
}

impl<'a, 'x> Parts<'a, 'x> {
    pub(super) fn len(&self) -> usize {
        self.counts.len().max(1)
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Part<'a, 'x>> + use<'a, 'x> {
        let (all, counts, name, len) = (self.objects, self.counts, self.name, self.len());
        let (mut rest, mut first_object) = (all, 0usize);
        (1..=len).map(move |part| {
            let count = counts.get(part.wrapping_sub(1)).copied().filter(|_| part != len);
            let count = count.unwrap_or(rest.len()).min(rest.len()); // the last has all that is left
            let (objects, others) = rest.split_at_checked(count).unwrap_or_default();
            let part = Part { objects, first_object, name: name.filter(|_| part == 1) };
            (rest, first_object) = (others, first_object.saturating_add(count));
            part
        })
    }

    /// Checks all metadata: what is asked for below is there from then on.
    pub(super) fn check(&self) -> Result<(), RegistryError<'x>> {
        self.namespace()?;
        self.each().try_for_each(|part| part.about().map(|_| ()))
    }

    /// The one namespace of all parts.
    pub(super) fn namespace(&self) -> Result<ModuleName, RegistryError<'x>> {
        if let Some(namespace) = self.namespace {
            return name_of(namespace);
        }
        let mut first = None;
        for part in self.each() {
            let namespace = part.metadata()?.namespace();
            if *first.get_or_insert(namespace) != namespace {
                return Err(RegistryError::MixedNamespaces);
            }
        }
        first.flatten().map_or(Ok(ModuleName::EMPTY), name_of)
    }

    /// The name of the module that has an object, for a message.
    pub(super) fn name_of_object(&self, object: usize) -> ModuleName {
        let owner = self.each().take_while(|part| part.first_object <= object).last();
        let about = owner.and_then(|part| part.about().ok());
        about.map_or(ModuleName::EMPTY, |about| about.name)
    }
}

impl<'a, 'x> Part<'a, 'x> {
    pub(super) fn metadata(&self) -> Result<Metadata<'a, 'x>, RegistryError<'x>> {
        Ok(Metadata::of(self.objects)?)
    }

    /// What it is called.
    pub(super) fn about(&self) -> Result<About, RegistryError<'x>> {
        let metadata = self.metadata()?;
        let name = self.name.or(metadata.name()).filter(|name| !name.is_empty());
        let name = name_of(name.ok_or(RegistryError::Unnamed)?)?;
        Ok(About { name, version: metadata.version() })
    }
}

fn name_of<'x>(name: &str) -> Result<ModuleName, RegistryError<'x>> {
    let too_long = || RegistryError::NameTooLong { name: ModuleName::shown(name.into()) };
    ModuleName::new(name).ok_or_else(too_long)
}
