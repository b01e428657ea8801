//! ELF64 files: sections, symbols, relocations, groups, as thin views over borrowed bytes.
//!
//! What is here knows files and nothing of instructions. Everything is read through
//! [`Object`](crate::Object), whose tables [`parse`](crate::Object::parse) has checked.

mod relocation;
mod section;
mod symbol;

pub(crate) use relocation::{Rela, RelaTable};
pub(crate) use section::{Header, SHT_CREL};
pub use section::{InitKind, Section};
#[cfg(feature = "aarch64")]
pub(crate) use symbol::Mapping;
pub(crate) use symbol::Sym;
pub use symbol::{Binding, Symbol, SymbolKind, SymbolPlace};

use crate::name::Name;

/// The NUL-terminated name at `offset`; `None` past the end of the table.
pub(crate) fn name_at(strings: &[u8], offset: u32) -> Option<Name<'_>> {
    let rest = strings.get(offset as usize..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    rest.get(..end).map(Name::new)
}
