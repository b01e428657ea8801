//! What readers see of a module.

use crate::metadata::Version;
use crate::object::Object;
use crate::registry::guarded::SharedBytes;
use crate::registry::name::ModuleName;
use crate::registry::readers::Reading;
use crate::table::{Shape, SymbolTable};

/// What readers see of a module: by value, but for its table, which lies in its own memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'o> {
    pub(crate) name: ModuleName,
    pub(crate) version: Version,
    /// Where its exports are; empty: where everybody sees them.
    pub(crate) namespace: ModuleName,
    /// The succession of versions that it belongs to: a number among the registry's lines.
    pub(crate) line: u32,
    /// The slot that has the memory: another one's, for a further module of a group.
    pub(crate) main: u32,
    read_only: SharedBytes,
    shape: Shape,
    lent: Option<Object<'o>>,
}

impl<'o> Entry<'o> {
    pub(crate) fn new(
        name: ModuleName,
        version: Version,
        namespace: ModuleName,
        (line, main): (u32, u32),
        (read_only, shape, lent): (SharedBytes, Shape, Option<Object<'o>>),
    ) -> Self {
        Self { name, version, namespace, line, main, read_only, shape, lent }
    }

    /// The module's symbols.
    pub(crate) fn table<'g>(&self, _reading: &'g Reading<'_>) -> Option<SymbolTable<'g>>
    where
        'o: 'g,
    {
        // SAFETY: the module is sealed before it gets an entry, and its memory is given back only
        // after `Guarded::clear` has taken the entry away and waited for all who read.
        let bytes = unsafe { self.read_only.get() };
        SymbolTable::new(bytes, &self.shape, self.lent)
    }
}
