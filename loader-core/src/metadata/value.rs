//! What a note says.

use core::fmt;

use crate::metadata::error::{MetadataError, NoteDefect, NoteKind};
use crate::metadata::note::{Note, word};
use crate::metadata::version::{Version, VersionRange};
use crate::name::Name;

/// A module that another one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependency<'o> {
    /// Its name.
    pub name: &'o str,
    /// The versions of it that will do.
    pub versions: VersionRange,
}

/// A variable that may be set before the module runs, at the address of its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<'o> {
    /// The variable's name, which the module exports.
    pub symbol: Name<'o>,
    /// Its type.
    pub kind: ParameterKind,
    /// What it is for; may be empty.
    pub description: &'o str,
}

/// What a module takes a symbol to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface<'o> {
    /// The symbol.
    pub symbol: Name<'o>,
    /// A number that is the same on both sides if they mean the same.
    pub hash: u64,
}

/// The type of a parameter, and its number in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParameterKind {
    /// 1: a signed integer of 8 bits.
    I8,
    /// 2: a signed integer of 16 bits.
    I16,
    /// 3: a signed integer of 32 bits.
    I32,
    /// 4: a signed integer of 64 bits.
    I64,
    /// 5: an unsigned integer of 8 bits.
    U8,
    /// 6: an unsigned integer of 16 bits.
    U16,
    /// 7: an unsigned integer of 32 bits.
    U32,
    /// 8: an unsigned integer of 64 bits.
    U64,
    /// 9: a byte that is 0 or 1.
    Bool,
    /// 10: the address of text that ends in NUL and stays as long as the module.
    String,
    /// A number that is not known here.
    Other(u32),
}

impl ParameterKind {
    /// Its name: `i8`, `u32`, `bool`, `string`…, and `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Other(_) => "unknown",
        }
    }

    /// The bytes of such a variable, which is aligned to as many; `None` where it is not known.
    pub const fn size(self) -> Option<u64> {
        match self {
            Self::I8 | Self::U8 | Self::Bool => Some(1),
            Self::I16 | Self::U16 => Some(2),
            Self::I32 | Self::U32 => Some(4),
            Self::I64 | Self::U64 | Self::String => Some(8),
            Self::Other(_) => None,
        }
    }

    const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::I8,
            2 => Self::I16,
            3 => Self::I32,
            4 => Self::I64,
            5 => Self::U8,
            6 => Self::U16,
            7 => Self::U32,
            8 => Self::U64,
            9 => Self::Bool,
            10 => Self::String,
            number => Self::Other(number),
        }
    }
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one note says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'o> {
    Name(&'o str),
    Version(Version),
    Licence(&'o str),
    Dependency(Dependency<'o>),
    Parameter(Parameter<'o>),
    Interface(Interface<'o>),
    Namespace(&'o str),
    Uses(&'o str),
    /// Something that later loaders know.
    Unknown,
}

impl<'o> Note<'o> {
    /// What it says.
    pub(super) fn value(self) -> Result<Value<'o>, MetadataError<'o>> {
        read(self.number, self.descriptor)
            .map_err(|defect| MetadataError::Malformed { place: self.place, defect })
    }
}

fn read(number: u32, bytes: &[u8]) -> Result<Value<'_>, NoteDefect> {
    let Some(kind) = NoteKind::from_number(number) else { return Ok(Value::Unknown) };
    Ok(match kind {
        NoteKind::Name => Value::Name(text(bytes)?),
        NoteKind::Version => match version(bytes, 0)? {
            version if bytes.len() == 12 => Value::Version(version),
            _ => return Err(NoteDefect::Size),
        },
        NoteKind::Licence => Value::Licence(text(bytes)?),
        NoteKind::Dependency => {
            let versions = range(version(bytes, 0)?, version(bytes, 12)?)?;
            Value::Dependency(Dependency { name: text(behind(bytes, 24))?, versions })
        }
        NoteKind::Parameter => Value::Parameter(parameter(bytes)?),
        NoteKind::Interface => {
            let (low, high) = (number_at(bytes, 0)?, number_at(bytes, 4)?);
            let hash = u64::from(high) << 32 | u64::from(low);
            Value::Interface(Interface { symbol: symbol(behind(bytes, 8))?, hash })
        }
        NoteKind::Namespace => Value::Namespace(text(bytes)?),
        NoteKind::Uses => Value::Uses(text(bytes)?),
    })
}

fn parameter(bytes: &[u8]) -> Result<Parameter<'_>, NoteDefect> {
    let kind = ParameterKind::from_number(number_at(bytes, 0)?);
    let rest = behind(bytes, 4);
    let end = rest.iter().position(|&byte| byte == 0).ok_or(NoteDefect::Unterminated)?;
    let symbol = symbol(rest.get(..end).unwrap_or_default())?;
    let description = behind(rest, end);
    let description = if ended(description).is_empty() {
        ""
    } else {
        // Behind the one NUL that ends the name.
        text(behind(description, 1))?
    };
    Ok(Parameter { symbol, kind, description })
}

fn range(min: Version, max: Version) -> Result<VersionRange, NoteDefect> {
    const OPEN: Version = Version::new(u32::MAX, u32::MAX, u32::MAX);
    match max {
        OPEN => Ok(VersionRange { min, max: None }),
        max if max > min => Ok(VersionRange { min, max: Some(max) }),
        _ => Err(NoteDefect::EmptyRange),
    }
}

fn version(bytes: &[u8], at: usize) -> Result<Version, NoteDefect> {
    let bytes = behind(bytes, at);
    Ok(Version::new(number_at(bytes, 0)?, number_at(bytes, 4)?, number_at(bytes, 8)?))
}

fn number_at(bytes: &[u8], at: usize) -> Result<u32, NoteDefect> {
    word(bytes, at).ok_or(NoteDefect::Size)
}

fn behind(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

fn text(bytes: &[u8]) -> Result<&str, NoteDefect> {
    let bytes = symbol(bytes)?.as_bytes();
    core::str::from_utf8(bytes).map_err(|_| NoteDefect::Utf8)
}

fn symbol(bytes: &[u8]) -> Result<Name<'_>, NoteDefect> {
    match ended(bytes) {
        [] => Err(NoteDefect::Empty),
        bytes if bytes.contains(&0) => Err(NoteDefect::Nul),
        bytes => Ok(Name::new(bytes)),
    }
}

/// Without the NULs at its end.
fn ended(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last.saturating_add(1));
    bytes.get(..end).unwrap_or_default()
}
