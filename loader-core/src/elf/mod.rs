//! ELF64 files: sections, symbols, relocations, groups, as thin views over borrowed bytes.
//!
//! What is here knows files and nothing of instructions. Everything is read through
//! [`Object`](crate::Object), whose tables [`parse`](crate::Object::parse) has checked.

mod names;
mod number;
mod relocation;
mod section;
mod symbol;

pub(crate) use names::overlong;
pub(crate) use number::Number;
pub(crate) use relocation::{RawRela, Rela, RelaTable};
pub(crate) use section::{Header, SHT_CREL};
pub use section::{InitKind, Section};
#[cfg(feature = "aarch64")]
pub(crate) use symbol::Mapping;
pub use symbol::{Binding, Symbol, SymbolKind, SymbolPlace};
pub(crate) use symbol::{MODULE_HANDLE, ORDINARY_SECTIONS, Sym, ordinary_section};

use crate::name::Name;

/// The longest name of a section that a linker's `__start_` and `__stop_` symbols may speak of
/// here. A file may give every section one name of megabytes, so there is an end to looking.
const IDENTIFIER_MAX: usize = 255;

/// The NUL-terminated name that `strings` begin with, where it is a C identifier.
fn identifier(strings: &[u8]) -> Option<&[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = strings.iter().take(IDENTIFIER_MAX.wrapping_add(1)).position(|b| !is_part(b))?;
    let name = strings.get(..end)?;
    let starts_well = name.first().is_some_and(|byte| !byte.is_ascii_digit());
    (starts_well && strings.get(end) == Some(&0)).then_some(name)
}

/// The NUL-terminated name at `offset`; `None` past the end of the table.
pub(crate) fn name_at(strings: &[u8], offset: u32) -> Option<Name<'_>> {
    let rest = strings.get(offset as usize..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    rest.get(..end).map(Name::new)
}

/// The number that some decimal digits, and nothing else, say.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &byte| {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit <= 9)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}
