//! What a module says about itself: its name, its version, what it needs, what may be set in it.
//!
//! It stands in the object, in ELF notes that are never loaded, and costs no memory at run time.
//! An object without them loads as well. `loader-module` has macros that write them, for Rust, C
//! and C++; this is the format, so that anything can.
//!
//! # The section
//! The section is called `.note.loader-core`. Its type is `SHT_NOTE` or `SHT_PROGBITS`, its flags
//! may have `SHF_ALLOC` or not, and its alignment is 4. No relocation applies to it: all is
//! constant. There may be several of that name in an object, and several objects in a module.
//!
//! # A note
//! All numbers are little-endian, and each part is padded with zeros to a multiple of four bytes:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `n_namesz`: 12 |
//! | 4 | `n_descsz`: the size of the descriptor without its padding |
//! | 4 | `n_type`: one of the table below |
//! | 12 | `loader-core` and a NUL |
//! | `n_descsz` | the descriptor |
//!
//! Notes of another owner, and of a type that is not known here, are passed over: later loaders
//! will know more. A word of zeros where a note would begin is padding.
//!
//! # The descriptors
//! | type | name | descriptor | how often |
//! | --- | --- | --- | --- |
//! | 1 | NAME | text: what the module is called | once |
//! | 2 | VERSION | major, minor and patch, 4 bytes each | once |
//! | 3 | LICENCE | text: its licence, best an SPDX expression | once |
//! | 4 | DEPENDENCY | two versions, then text: the module of this name is needed, from the first version on, and up to the second but not including it; all ones are no upper bound | any |
//! | 5 | PARAMETER | 4 bytes: [its kind](ParameterKind); then a symbol, a NUL, and text, which may be empty: what it is for. The module defines the symbol, a variable whose value may be set before it runs | any |
//! | 6 | INTERFACE | 8 bytes: a hash; then a symbol. If the module defines the symbol, what it exports; if not, what it expects. Notes of the object that defines it count before those of others, which must say the same | any |
//! | 7 | NAMESPACE | text: all exports of the module are in this namespace; without, everybody sees them | once |
//! | 8 | USES | text: a namespace that the module wants to be granted | any |
//!
//! Text is UTF-8, and a symbol is bytes. Each is at least one byte long, has no NUL in it, and may
//! end in NULs, which are not a part of it. "Once" is once in a module: its objects may all say
//! it, if they say the same.
//!
//! # Hashes
//! To the loader a hash is a number that is equal or not. [`interface_hash`] makes one of a text,
//! such as a prototype; the layout of a structure has one as well, which `loader-module` and its
//! C header compute alike.

mod error;
mod hash;
mod note;
mod value;
mod version;

pub use error::{MetadataError, NoteDefect, NoteKind};
pub use hash::interface_hash;
pub use value::{Dependency, Interface, Parameter, ParameterKind};
pub use version::{Version, VersionRange};

use crate::metadata::note::notes;
use crate::metadata::value::Value;
use crate::name::ObjectName;
use crate::object::Object;

/// What the objects of one module say about it; a view over their bytes, all of which are checked.
///
/// ```
/// use loader_core::{Metadata, Object, Version};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let objects = [Object::parse("answer.o", include_bytes!("../../doc/answer.o"))?];
/// let metadata = Metadata::of(&objects)?;
/// assert_eq!(metadata.name(), None); // this one says nothing
/// assert_eq!(metadata.version(), Version::new(0, 0, 0));
/// for dependency in metadata.dependencies() {
///     println!("needs {} {}", dependency.name, dependency.versions); // gpio >=1.0.0, <2.0.0
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Metadata<'a, 'o> {
    objects: &'a [Object<'o>],
    name: Option<&'o str>,
    version: Option<Version>,
    licence: Option<&'o str>,
    namespace: Option<&'o str>,
}

impl<'a, 'o> Metadata<'a, 'o> {
    /// Reads the notes of all objects of a module.
    ///
    /// # Errors
    /// [`MetadataError::Malformed`] for a note that is not as [the format](self) has it, and
    /// [`MetadataError::Conflict`] where two say different things that can be said once.
    pub fn of(objects: &'a [Object<'o>]) -> Result<Self, MetadataError<'o>> {
        let (mut name, mut version) = (Once::new(NoteKind::Name), Once::new(NoteKind::Version));
        let mut licence = Once::new(NoteKind::Licence);
        let mut namespace = Once::new(NoteKind::Namespace);
        for object in objects {
            for note in notes(object) {
                let note = note?;
                match note.value()? {
                    Value::Name(text) => name.say(text, object.name())?,
                    Value::Version(number) => version.say(number, object.name())?,
                    Value::Licence(text) => licence.say(text, object.name())?,
                    Value::Namespace(text) => namespace.say(text, object.name())?,
                    _ => {}
                }
            }
        }
        let [name, licence, namespace] = [name, licence, namespace].map(Once::value);
        Ok(Self { objects, name, version: version.value(), licence, namespace })
    }

    /// What the module is called.
    pub const fn name(&self) -> Option<&'o str> {
        self.name
    }

    /// Its version; 0.0.0 where it says none.
    pub fn version(&self) -> Version {
        self.version.unwrap_or_default()
    }

    /// Its licence.
    pub const fn licence(&self) -> Option<&'o str> {
        self.licence
    }

    /// The namespace of all its exports; `None` where everybody sees them.
    pub const fn namespace(&self) -> Option<&'o str> {
        self.namespace
    }

    /// The namespaces that it wants to be granted.
    pub fn uses(&self) -> impl Iterator<Item = &'o str> + use<'a, 'o> {
        self.values().filter_map(|value| match value {
            Value::Uses(namespace) => Some(namespace),
            _ => None,
        })
    }

    /// The modules that it needs. One may be named more than once: then all its ranges hold.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'o>> + use<'a, 'o> {
        self.values().filter_map(|value| match value {
            Value::Dependency(dependency) => Some(dependency),
            _ => None,
        })
    }

    /// The variables that may be set before the module runs. That it defines them is not checked.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'o>> + use<'a, 'o> {
        self.values().filter_map(|value| match value {
            Value::Parameter(parameter) => Some(parameter),
            _ => None,
        })
    }

    /// What it takes symbols to be: those it defines, and those it imports.
    pub fn interfaces(&self) -> impl Iterator<Item = Interface<'o>> + use<'a, 'o> {
        self.objects.iter().flat_map(interfaces_of)
    }

    /// The value of every note, again: [`of`](Self::of) has seen that none is malformed.
    fn values(&self) -> impl Iterator<Item = Value<'o>> + use<'a, 'o> {
        self.objects.iter().flat_map(notes).filter_map(|note| note.ok()?.value().ok())
    }
}

/// What one object takes symbols to be; notes that make no sense are passed over.
pub(crate) fn interfaces_of<'o>(
    object: &Object<'o>,
) -> impl Iterator<Item = Interface<'o>> + use<'o> {
    notes(object).filter_map(|note| match note.ok()?.value().ok()? {
        Value::Interface(interface) => Some(interface),
        _ => None,
    })
}

/// What can be said once, and the object that said it first.
struct Once<'o, T> {
    kind: NoteKind,
    said: Option<(T, ObjectName<'o>)>,
}

impl<'o, T: Copy + PartialEq> Once<'o, T> {
    const fn new(kind: NoteKind) -> Self {
        Self { kind, said: None }
    }

    fn say(&mut self, value: T, object: ObjectName<'o>) -> Result<(), MetadataError<'o>> {
        match self.said {
            Some((first, by)) if first != value => {
                Err(MetadataError::Conflict { note: self.kind, first: by, second: object })
            }
            Some(_) => Ok(()),
            None => {
                self.said = Some((value, object));
                Ok(())
            }
        }
    }

    fn value(self) -> Option<T> {
        self.said.map(|(value, _)| value)
    }
}
