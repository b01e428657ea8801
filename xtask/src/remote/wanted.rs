//! What is asked for of a module, and where its sections end up.

use loader_core::PlanOptions;

use crate::archive::NamedBytes;

/// What is asked of the loader for a module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'w> {
    /// What the module is called, unless it keeps the name in its metadata.
    pub name: &'w str,
    /// Whether it does.
    pub keeps_name: bool,
    /// Its objects.
    pub files: &'w [NamedBytes],
    /// Archives, of which it takes what it needs.
    pub archives: &'w [NamedBytes],
    /// A function that is looked for in the archives, too.
    pub entry: Option<&'w str>,
    /// Whether it may have thread-local variables: one module may.
    pub has_threads: bool,
    /// Whether its exports are hidden from other modules.
    pub is_program: bool,
    /// Whether it is a part of the C runtime.
    pub is_runtime: bool,
    /// What else is asked for.
    pub options: PlanOptions<'w>,
}

/// A section on the target.
#[derive(Clone, Debug, serde::Serialize)]
pub struct SectionPlace {
    /// The object that it is from.
    pub object: String,
    /// Its name.
    pub name: String,
    /// The segment that it is in.
    pub segment: &'static str,
    /// Where it is.
    pub address: u64,
    /// How large it is, in bytes.
    pub size: u64,
}
