//! What a registry refuses.

use core::fmt;

use crate::error::Error;
use crate::metadata::{MetadataError, Version, VersionRange};
use crate::name::Name;
use crate::registry::name::{ModuleName, NAME_MAX};

/// Why a registry refused. Nothing is held and nothing has changed when it is returned.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RegistryError<'o> {
    /// The loader refused the module.
    Load(Error<'o>),
    /// What the module says about itself makes no sense.
    Metadata(MetadataError<'o>),
    /// The memory serves another registry.
    MemoryInUse,
    /// There is no room for another module.
    TooManyModules {
        /// How many there can be.
        limit: usize,
    },
    /// There is no room for the module's symbols.
    TooManySymbols {
        /// Nodes that it takes.
        needed: usize,
        /// Nodes that are free.
        free: usize,
    },
    /// There is no room for the ranges of addresses that the module has: one for each segment, and
    /// one for each object with sections that stay in its file.
    TooManyRanges {
        /// Ranges that it takes.
        needed: usize,
        /// Ranges that are free.
        free: usize,
    },
    /// Too many names share a bucket of the registry's index: names that were made to, as no others
    /// do. One that is among them cannot be exported, whatever module it is in.
    HashCollisions {
        /// One of them; of a long name the beginning.
        symbol: ModuleName,
    },
    /// The modules of a group are in different namespaces.
    MixedNamespaces,
    /// The module has no name: neither its metadata nor the request has one.
    Unnamed,
    /// A name is longer than [`NAME_MAX`].
    NameTooLong {
        /// The beginning of the name.
        name: ModuleName,
    },
    /// A module of this name is there already.
    NameTaken {
        /// The name.
        name: ModuleName,
    },
    /// The module that is meant has gone.
    Gone,
    /// The module is being loaded or replaced, was replaced, or is about to go.
    Busy {
        /// Its name.
        name: ModuleName,
    },
    /// A module that this one needs is not there.
    MissingDependency {
        /// The module that needs it.
        module: ModuleName,
        /// What it needs.
        needs: &'o str,
        /// In which versions.
        versions: VersionRange,
    },
    /// A module that this one needs is there in another version.
    WrongVersion {
        /// The module that needs it.
        module: ModuleName,
        /// What it needs.
        needs: &'o str,
        /// In which versions.
        versions: VersionRange,
        /// The version that is there.
        found: Version,
    },
    /// A symbol is in a namespace that the module was not granted.
    NotGranted {
        /// The symbol.
        symbol: Name<'o>,
        /// The namespace.
        namespace: ModuleName,
    },
    /// A symbol has another interface than the module was compiled for, or nobody knows which; or
    /// the module's own objects do not agree on one that it exports.
    Interface {
        /// The symbol.
        symbol: Name<'o>,
        /// The hash that the module expects.
        expected: u64,
        /// The hash that there is; `None` where whoever exports the symbol does not say.
        found: Option<u64>,
        /// Who exports it.
        by: ModuleName,
    },
    /// Another module, or the kernel, exports the same symbol in the same namespace, and neither is
    /// weak or `STB_GNU_UNIQUE`.
    Duplicate {
        /// The symbol.
        symbol: Name<'o>,
        /// Who exports it.
        by: ModuleName,
    },
    /// A new version is not called as the old one is.
    Renamed {
        /// The old version's name.
        module: ModuleName,
        /// The new one's.
        name: ModuleName,
    },
    /// A new version lacks what the old one exports, or has it with another kind or interface, or in
    /// another namespace.
    Unfit {
        /// The module.
        module: ModuleName,
        /// The symbol; of a long name the beginning.
        symbol: ModuleName,
    },
    /// Other modules need this one.
    Needed {
        /// The module.
        module: ModuleName,
        /// One that needs it.
        by: ModuleName,
        /// How many do.
        count: u32,
    },
    /// The client holds the module.
    Held {
        /// The module.
        module: ModuleName,
        /// How often.
        count: u32,
    },
    /// The client holds the module more often than can be counted.
    TooManyHolds {
        /// The module.
        module: ModuleName,
    },
}

impl fmt::Display for RegistryError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(error) => error.fmt(f),
            Self::Metadata(error) => error.fmt(f),
            Self::MemoryInUse => f.write_str("the memory serves another registry"),
            Self::TooManyModules { limit } => {
                write!(
                    f,
                    "the registry has room for {limit} modules; unload some, or make it larger"
                )
            }
            Self::TooManySymbols { needed, free } => write!(
                f,
                "the registry has {free} nodes free and the module takes {needed}: one for each symbol \
                 that it exports, for itself, and for each module that it needs"
            ),
            Self::TooManyRanges { needed, free } => write!(
                f,
                "the registry has room for {free} more ranges of addresses and the module takes \
                 {needed}: one for each segment, and one for each object that stays in its file; \
                 unload some modules, or make the registry larger"
            ),
            Self::HashCollisions { symbol } => write!(
                f,
                "too many exported names share the bucket of `{symbol}`, as only names do that are \
                 made to; unload the module that has them, or rename them"
            ),
            Self::MixedNamespaces => f.write_str("the modules of a group must be in one namespace"),
            Self::Unnamed => f.write_str("the module has no name; give it one, or metadata"),
            Self::NameTooLong { name } => {
                write!(f, "the name `{name}` is longer than {NAME_MAX} bytes")
            }
            Self::NameTaken { name } => {
                write!(f, "a module {name} is loaded; unload it, or replace it")
            }
            Self::Gone => f.write_str("the module has gone"),
            Self::Busy { name } => {
                write!(f, "the module {name} is being loaded, replaced or unloaded")
            }
            Self::MissingDependency { module, needs, versions } => {
                write!(f, "{module} needs {needs} {versions}, which is not loaded")
            }
            Self::WrongVersion { module, needs, versions, found } => {
                write!(f, "{module} needs {needs} {versions}, and {needs} {found} is loaded")
            }
            Self::NotGranted { symbol, namespace } => write!(
                f,
                "`{symbol}` is in the namespace {namespace}, which this module is not granted"
            ),
            Self::Interface { symbol, expected, found: Some(found), by } => write!(
                f,
                "`{symbol}` of {by} has the interface {found:#018x}, and the module was compiled for \
                 {expected:#018x}; compile it again"
            ),
            Self::Interface { symbol, expected, found: None, by } => write!(
                f,
                "the module was compiled for the interface {expected:#018x} of `{symbol}`, and {by} does \
                 not say which it has"
            ),
            Self::Duplicate { symbol, by } => write!(f, "`{symbol}` is exported by {by} already"),
            Self::Renamed { module, name } => {
                write!(f, "a new version of {module} must be called so, and not {name}")
            }
            Self::Unfit { module, symbol } => write!(
                f,
                "the new version of {module} does not export `{symbol}` as the old one does"
            ),
            Self::Needed { module, by, count: 1 } => write!(f, "{by} needs {module}"),
            Self::Needed { module, by, count } => {
                write!(f, "{by} and others, {count} in all, need {module}")
            }
            Self::Held { module, count } => {
                write!(f, "{module} is held, {count} times")
            }
            Self::TooManyHolds { module } => write!(f, "{module} is held too often"),
        }
    }
}

impl core::error::Error for RegistryError<'_> {}

impl<'o> From<Error<'o>> for RegistryError<'o> {
    fn from(error: Error<'o>) -> Self {
        Self::Load(error)
    }
}

impl<'o> From<MetadataError<'o>> for RegistryError<'o> {
    fn from(error: MetadataError<'o>) -> Self {
        Self::Metadata(error)
    }
}
