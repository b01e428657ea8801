//! Where undefined symbols come from.

use crate::address::TargetAddress;
use crate::name::Name;

/// Answers for the symbols that a module needs and does not define.
///
/// Asked once for each undefined symbol that a relocation needs, but not for one that an object has as
/// hidden or internal: that is the module's own or nobody's. Any function from names to addresses is one:
///
/// ```
/// use loader_core::{Name, TargetAddress};
///
/// let resolver = |name: Name<'_>| match name.as_bytes() {
///     b"puts" => Some(TargetAddress::new(0x4008_0000)),
///     _ => None,
/// };
/// # fn takes(_: &impl loader_core::Resolver) {}
/// # takes(&resolver);
/// ```
pub trait Resolver {
    /// The address of `name` on the target; `None` where nothing defines it.
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress>;
}

impl<F: Fn(Name<'_>) -> Option<TargetAddress>> Resolver for F {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        self(name)
    }
}
