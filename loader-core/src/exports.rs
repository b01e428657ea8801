//! What a kernel lets modules see: entries gathered by the linker, sorted, searched by halves.

use crate::address::TargetAddress;
use crate::name::Name;
use crate::resolver::Resolver;

/// A symbol that the kernel exports to modules; made by [`export!`](crate::export).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Export {
    name: &'static str,
    address: *const (),
}

// SAFETY: the pointer is an address to be handed out, and never followed here.
unsafe impl Sync for Export {}

impl Export {
    /// An entry that gives `name` to what lies at `address`.
    pub const fn new(name: &'static str, address: *const ()) -> Self {
        Self { name, address }
    }

    /// The name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The address.
    pub fn address(&self) -> TargetAddress {
        TargetAddress::new(self.address.addr() as u64)
    }
}

/// A kernel's exports, sorted by name: a [`Resolver`] that takes as many steps as the table's
/// length has bits.
#[derive(Debug, Clone, Copy)]
pub struct ExportTable<'e> {
    entries: &'e [Export],
}

impl<'e> ExportTable<'e> {
    /// The table over these entries; `None` where they are not sorted by name, or two have one
    /// name.
    ///
    /// The linker sorts what [`export!`](crate::export) writes, given this in its script:
    ///
    /// ```text
    /// .rodata : {
    ///     . = ALIGN(8);
    ///     __exports_start = .;
    ///     KEEP(*(SORT_BY_NAME(.exports.*)))
    ///     __exports_end = .;
    ///     ...
    /// }
    /// ```
    pub fn new(entries: &'e [Export]) -> Option<Self> {
        let ascending = |a: &Export, b: &Export| a.name.as_bytes() < b.name.as_bytes();
        entries.is_sorted_by(ascending).then_some(Self { entries })
    }

    /// The entries, sorted by name.
    pub const fn entries(&self) -> &'e [Export] {
        self.entries
    }
}

impl Resolver for ExportTable<'_> {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        let found = self.entries.binary_search_by_key(&name.as_bytes(), |e| e.name.as_bytes());
        self.entries.get(found.ok()?).map(Export::address)
    }
}

/// Lists functions and statics that modules may see, each under the name that C gives it.
///
/// Each entry goes into a section of its own, `.exports.NAME`, which the kernel's linker script
/// gathers and sorts: see [`ExportTable::new`]. Listing is safe, but it promises that the name
/// has the type which modules declare for it.
///
/// ```
/// use loader_core::{Export, ExportTable, Name, Resolver, export};
///
/// extern "C" fn answer() -> i32 {
///     42
/// }
///
/// # #[cfg(target_os = "none")]
/// export! {
///     "answer" => answer as *const (),
/// }
///
/// let entries = [Export::new("answer", answer as *const ())]; // what the linker gathers
/// let table = ExportTable::new(&entries).unwrap();
/// assert!(table.resolve(Name::from("answer")).is_some());
/// assert!(table.resolve(Name::from("question")).is_none());
/// ```
#[macro_export]
macro_rules! export {
    ($($name:literal => $address:expr),* $(,)?) => {
        $(const _: () = {
            #[used]
            // SAFETY: the linker script gathers these sections as an array of `Export`, which is
            // what this static is.
            #[unsafe(link_section = concat!(".exports.", $name))]
            static EXPORT: $crate::Export = $crate::Export::new($name, $address);
        };)*
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_order_is_checked() {
        let here = [1u8; 4];
        let at = |i: usize| (&raw const here[i]).cast::<()>();
        let entries = [Export::new("a", at(0)), Export::new("aa", at(1)), Export::new("b", at(2))];
        let table = ExportTable::new(&entries).unwrap();
        for entry in &entries {
            assert_eq!(table.resolve(Name::from(entry.name())), Some(entry.address()));
        }
        for name in ["", "A", "ab", "c"] {
            assert_eq!(table.resolve(Name::from(name)), None, "{name}");
        }
        assert!(ExportTable::new(&[entries[2], entries[0]]).is_none());
        assert!(ExportTable::new(&[entries[0], entries[0]]).is_none());
        assert!(ExportTable::new(&[]).is_some());
    }
}
