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
    namespace: Option<&'static str>,
    interface: Option<u64>,
}

// SAFETY: the pointer is an address to be handed out, and never followed here.
unsafe impl Sync for Export {}

impl Export {
    /// An entry that gives `name` to what lies at `address`.
    pub const fn new(name: &'static str, address: *const ()) -> Self {
        Self { name, address, namespace: None, interface: None }
    }

    /// The same, seen only by modules that are granted this namespace.
    pub const fn in_namespace(self, namespace: &'static str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// The same, with a hash of what it is, for modules that say what they expect.
    pub const fn with_interface(self, hash: u64) -> Self {
        Self { interface: Some(hash), ..self }
    }

    /// The name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The address.
    pub fn address(&self) -> TargetAddress {
        TargetAddress::new(self.address.addr() as u64)
    }

    /// The namespace that it is in; `None` where every module sees it.
    pub const fn namespace(&self) -> Option<&'static str> {
        self.namespace
    }

    /// The hash of what it is, if the kernel says one.
    pub const fn interface(&self) -> Option<u64> {
        self.interface
    }
}

/// A kernel's exports, sorted by name: a [`Resolver`] that takes as many steps as the table's
/// length has bits.
///
/// As a resolver it answers for every name: it does not know who asks, and so looks neither at
/// namespaces nor at interfaces. What honours them has the module's [`Metadata`] beside it.
///
/// [`Metadata`]: crate::Metadata
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
///
/// `in` puts an export into a namespace, and after a colon comes a hash of what it is
/// ([`interface_hash`](crate::interface_hash)); both may be left out:
///
/// ```
/// # #[cfg(target_os = "none")]
/// loader_core::export! {
///     "gpio_set" in "hal": SET => gpio_set as *const (),
///     "gpio_get": GET => gpio_get as *const (),
///     "gpio_reset" in "hal" => gpio_reset as *const (),
/// }
/// # const SET: u64 = loader_core::interface_hash("void gpio_set(uint32_t)");
/// # const GET: u64 = loader_core::interface_hash("uint32_t gpio_get(void)");
/// # extern "C" fn gpio_set(_: u32) {}
/// # extern "C" fn gpio_get() -> u32 { 0 }
/// # extern "C" fn gpio_reset() {}
/// ```
#[macro_export]
macro_rules! export {
    (@entry $name:literal $(in $namespace:literal)? $(: $interface:expr)? => $address:expr) => {
        $crate::Export::new($name, $address)
            $(.in_namespace($namespace))?
            $(.with_interface($interface))?
    };
    ($(
        $name:literal $(in $namespace:literal)? $(: $interface:expr)? => $address:expr
    ),* $(,)?) => {
        $(const _: () = {
            #[used]
            // SAFETY: the linker script gathers these sections as an array of `Export`, which is
            // what this static is.
            #[unsafe(link_section = concat!(".exports.", $name))]
            static EXPORT: $crate::Export = $crate::export!(
                @entry $name $(in $namespace)? $(: $interface)? => $address
            );
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

    #[test]
    fn an_entry_says_who_sees_it_and_what_it_is() {
        let plain = Export::new("a", core::ptr::null());
        assert_eq!((plain.namespace(), plain.interface()), (None, None));
        let both = plain.in_namespace("hal").with_interface(7);
        assert_eq!((both.name(), both.namespace(), both.interface()), ("a", Some("hal"), Some(7)));
        // A resolver does not know who asks.
        let entries = [both];
        let table = ExportTable::new(&entries).unwrap();
        assert_eq!(table.resolve(Name::from("a")), Some(both.address()));
    }

    #[test]
    fn the_macro_says_all_of_it() {
        const ENTRIES: [Export; 4] = [
            export!(@entry "plain" => core::ptr::null()),
            export!(@entry "seen" in "hal" => core::ptr::null()),
            export!(@entry "hashed": 1 + 2 => core::ptr::null()),
            export!(@entry "both" in "hal": u64::MAX => core::ptr::null()),
        ];
        let said = ENTRIES.map(|entry| (entry.name(), entry.namespace(), entry.interface()));
        assert_eq!(said[0], ("plain", None, None));
        assert_eq!(said[1], ("seen", Some("hal"), None));
        assert_eq!(said[2], ("hashed", None, Some(3)));
        assert_eq!(said[3], ("both", Some("hal"), Some(u64::MAX)));
    }
}
