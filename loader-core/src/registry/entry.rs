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
    /// The first of its objects among those of its group.
    pub(crate) first_object: usize,
    /// How many modules the group has; 1: it is none.
    pub(crate) parts: usize,
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
        (first_object, parts): (usize, usize),
        (read_only, shape, lent): (SharedBytes, Shape, Option<Object<'o>>),
    ) -> Self {
        Self { name, version, namespace, line, main, first_object, parts, read_only, shape, lent }
    }

    /// The module's symbols.
    pub(crate) fn table<'g>(&self, _reading: &'g Reading<'_>) -> Option<SymbolTable<'g>>
    where
        'o: 'g,
    {
        // SAFETY: the module's memory is given back only after `Guarded::hide` has hidden the
        // entry and `remove` has waited for all who read.
        unsafe { self.table_for() }
    }

    /// The same, for somebody who keeps the module otherwise than by reading.
    ///
    /// # Safety
    /// The module's memory is not given back while `'g` lasts.
    pub(crate) unsafe fn table_for<'g>(&self) -> Option<SymbolTable<'g>>
    where
        'o: 'g,
    {
        // SAFETY: a module is sealed before it gets an entry; it stays, says the caller.
        let bytes = unsafe { self.read_only.get() };
        SymbolTable::new(bytes, &self.shape, self.lent)
    }
}
