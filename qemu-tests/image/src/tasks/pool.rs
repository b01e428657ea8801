//! The modules of a program, each a kind of which there can be many instances.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{
    Candidate, Keep, Kept, LoadRequest, Metadata, ModuleId, Object, PlanOptions, Scratch,
    SymbolPlace, TlsModel, Version,
};
use qemu_protocol::{ModuleFiles, Options, Program};

use crate::load;
use crate::tasks::{Done, Trouble};

/// How the function of a module ends that the tasks call.
pub const VALUE: &str = "_value";

/// All kinds.
#[derive(Debug)]
pub struct Pool {
    kinds: Vec<Kind>,
}

/// What there can be instances of.
#[derive(Debug)]
pub struct Kind {
    /// What the metadata calls it.
    pub name: &'static str,
    pub version: Version,
    /// The names of the kinds that it calls, in alphabetical order, which is the order of its calls.
    pub needs: Vec<String>,
    objects: Vec<Object<'static>>,
    options: Options,
}

/// What an instance is to be.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    pub kind: &'w Kind,
    /// What it is called and the namespace that its exports are in; none: the kind's name, where
    /// everybody sees them.
    pub name: Option<&'w str>,
    /// The namespaces of what it needs.
    pub grants: &'w [&'w str],
    /// The version that it replaces.
    pub replaces: Option<ModuleId>,
    /// What is linked with it, as one group.
    pub beside: &'w [&'w Kind],
}

impl Pool {
    pub fn new(program: &Program<'static>) -> Done<Self> {
        let kinds = program.modules.iter().map(|files| Kind::new(files, program.options));
        Ok(Self { kinds: kinds.collect::<Done<_>>()? })
    }

    /// The kinds, none before what it needs.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The first kind of this name.
    pub fn kind(&self, name: &str) -> Done<&Kind> {
        self.find(|kind| kind.name == name).ok_or_else(|| missing(name))
    }

    /// The kind of this name that is of a major version.
    pub fn version(&self, name: &str, major: u32) -> Done<&Kind> {
        let found = self.find(|kind| kind.name == name && kind.version.major == major);
        found.ok_or_else(|| missing(&format!("{name} {major}")))
    }

    fn find(&self, wanted: impl Fn(&Kind) -> bool) -> Option<&Kind> {
        self.kinds.iter().find(|kind| wanted(kind))
    }
}

impl Kind {
    fn new(files: &ModuleFiles<'static>, options: Options) -> Done<Self> {
        let parsed = files.files.iter().map(|file| Object::parse(file.name, file.bytes));
        let objects: Vec<_> = parsed
            .collect::<Result<_, _>>()
            .map_err(|error| Trouble::Wrong(format!("{}: {error}", files.name)))?;
        let metadata = Metadata::of(&objects).map_err(|error| format!("{error}"))?;
        let name = metadata.name().ok_or_else(|| missing("a name"))?;
        let version = metadata.version();
        let symbols = objects.iter().flat_map(Object::symbols);
        let undefined = symbols.filter(|(_, symbol)| symbol.place() == SymbolPlace::Undefined);
        let mut needs: Vec<String> = undefined
            .filter_map(|(_, symbol)| {
                symbol.name().to_string().strip_suffix(VALUE).map(str::to_string)
            })
            .collect();
        needs.sort();
        Ok(Self { name, version, needs, objects, options })
    }

    /// It as something that may be loaded.
    pub fn candidate(&self) -> Done<Candidate<'_, 'static>> {
        Ok(Candidate::new(&self.objects).map_err(|error| format!("{error}"))?)
    }

    /// What one of its exports is called.
    pub fn export(&self, suffix: &str) -> String {
        [self.name, suffix].concat()
    }
}

impl Wanted<'_> {
    /// An instance that is called like its kind.
    pub const fn plain(kind: &Kind) -> Wanted<'_> {
        Wanted { kind, name: None, grants: &[], replaces: None, beside: &[] }
    }

    /// Calls `then` with a request for it.
    pub fn request<R>(&self, then: impl FnOnce(LoadRequest<'_, 'static, '_>) -> R) -> R {
        let kind = self.kind;
        let mut options: PlanOptions<'_> =
            load::options(TlsModel::None, kind.options, Keep::Exported);
        options.kept = Kept::Exports;
        let kinds = || [kind].into_iter().chain(self.beside.iter().copied());
        let objects: Vec<_> = kinds().flat_map(|kind| &kind.objects).copied().collect();
        let mut parts: Vec<usize> = kinds().map(|kind| kind.objects.len()).collect();
        if self.beside.is_empty() {
            parts.clear();
        }
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let mut request = LoadRequest::new(&objects, &mut scratch)
            .with_options(options)
            .granted(self.grants)
            .grouped(&parts);
        if let Some(name) = self.name {
            request = request.named(name).exporting_to(name);
        }
        then(request)
    }
}

fn missing(what: &str) -> Trouble {
    Trouble::Wrong(format!("the program lacks {what}"))
}
