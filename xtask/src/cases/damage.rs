//! Damaging an object, one field at a time, or at random but the same each time.

use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use object::elf::{FileHeader64, SHT_SYMTAB, SectionHeader64};
use object::read::elf::{FileHeader, SectionHeader, SectionTable, Sym};
use object::{LittleEndian as LE, SectionIndex};

use super::mutate::mutate;

/// Size of a section header, in bytes.
const SECTION_HEADER: u64 = 64;
/// Size of a symbol, in bytes.
const SYMBOL: u64 = 24;
/// Size of a relocation, in bytes.
const RELOCATION: u64 = 24;

/// What to do to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// So many random changes, each to a fresh copy.
    Mutate(u32),
    /// One field gets another value.
    Patch {
        /// What the field belongs to.
        place: Place,
        /// The field.
        field: Field,
        /// Its new value.
        value: Value,
    },
    /// The file ends early.
    Truncate(Value),
    /// So many copies, each ending earlier than the one before, evenly spread over the file.
    TruncateEvenly(u32),
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// A byte of a section's contents.
    Byte(String, Value),
    /// The file's header.
    Header,
    /// A relocation, by its section and its number there.
    Relocation(String, u64),
    /// A section's header, by the section's name.
    Section(String),
    /// A symbol, by its name.
    Symbol(String),
    /// A 32-bit word of a section's contents, by its number.
    Word(String, u64),
}

/// A field: its offset and width in what it belongs to, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    offset: u64,
    width: usize,
}

/// A number, or a distance before the end of what it counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// `end` and `end-N`.
    BeforeEnd(u64),
    /// Negative ones as their two's complement.
    Number(u64),
}

type Row = (&'static str, u64, usize);

const HEADER_FIELDS: &[Row] = &[
    ("e_ident_magic", 0, 1),
    ("e_ident_class", 4, 1),
    ("e_ident_data", 5, 1),
    ("e_ident_version", 6, 1),
    ("e_type", 16, 2),
    ("e_machine", 18, 2),
    ("e_version", 20, 4),
    ("e_entry", 24, 8),
    ("e_shoff", 40, 8),
    ("e_flags", 48, 4),
    ("e_ehsize", 52, 2),
    ("e_shentsize", 58, 2),
    ("e_shnum", 60, 2),
    ("e_shstrndx", 62, 2),
];
const SECTION_FIELDS: &[Row] = &[
    ("sh_name", 0, 4),
    ("sh_type", 4, 4),
    ("sh_flags", 8, 8),
    ("sh_addr", 16, 8),
    ("sh_offset", 24, 8),
    ("sh_size", 32, 8),
    ("sh_link", 40, 4),
    ("sh_info", 44, 4),
    ("sh_addralign", 48, 8),
    ("sh_entsize", 56, 8),
];
const SYMBOL_FIELDS: &[Row] = &[
    ("st_name", 0, 4),
    ("st_info", 4, 1),
    ("st_other", 5, 1),
    ("st_shndx", 6, 2),
    ("st_value", 8, 8),
    ("st_size", 16, 8),
];
const RELOCATION_FIELDS: &[Row] =
    &[("r_offset", 0, 8), ("r_type", 8, 4), ("r_sym", 12, 4), ("r_addend", 16, 8)];

impl Damage {
    /// Reads what stands between `damage:` and `=>`.
    ///
    /// # Errors
    /// It is nothing that can be done to an object.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { text: text.trim().to_owned(), kind: Kind::parse(text)? })
    }

    /// The damaged copies of `object`: one, or as many as were asked for.
    ///
    /// # Errors
    /// The object does not have what is to be damaged, or has the new value already.
    pub fn apply(&self, object: &[u8]) -> Result<Vec<Vec<u8>>> {
        let size = object.len() as u64;
        let cut = |at: u64| -> Result<Vec<u8>> {
            let at = usize::try_from(at)?;
            ensure!(at < object.len(), "it is no longer than that");
            Ok(object.get(..at).unwrap_or_default().to_vec())
        };
        match &self.kind {
            Kind::Mutate(count) => mutate(object, *count),
            Kind::Patch { place, field, value } => {
                Ok(vec![patched(object, place, *field, *value)?])
            }
            Kind::Truncate(at) => Ok(vec![cut(at.resolved(size)?)?]),
            Kind::TruncateEvenly(count) => {
                let count = u64::from(*count).max(1);
                (0..count).map(|number| cut(size * number / count)).collect()
            }
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Kind {
    fn parse(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (place, field, value) = match *words.as_slice() {
            ["mutate", count] => return Ok(Self::Mutate(count.parse()?)),
            ["truncate", "evenly", count] => return Ok(Self::TruncateEvenly(count.parse()?)),
            ["truncate", at] => return Ok(Self::Truncate(at.parse()?)),
            ["byte", section, at, "=", value] => {
                (Place::Byte(section.into(), at.parse()?), Field { offset: 0, width: 1 }, value)
            }
            ["word", section, at, "=", value] => {
                (Place::Word(section.into(), at.parse()?), Field { offset: 0, width: 4 }, value)
            }
            ["header", name, "=", value] => (Place::Header, field(HEADER_FIELDS, name)?, value),
            ["section", section, name, "=", value] => {
                (Place::Section(section.into()), field(SECTION_FIELDS, name)?, value)
            }
            ["symbol", symbol, name, "=", value] => {
                (Place::Symbol(symbol.into()), field(SYMBOL_FIELDS, name)?, value)
            }
            ["relocation", section, number, name, "=", value] => {
                let place = Place::Relocation(section.into(), number.parse()?);
                (place, field(RELOCATION_FIELDS, name)?, value)
            }
            _ => bail!("`{}` is no damage that can be done", text.trim()),
        };
        Ok(Self::Patch { place, field, value: value.parse()? })
    }
}

impl std::str::FromStr for Value {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(rest) = text.strip_prefix("end") {
            let distance = rest.strip_prefix('-').unwrap_or("0");
            ensure!(rest.is_empty() || rest.starts_with('-'), "`end` or `end-N`");
            return Ok(Self::BeforeEnd(distance.parse().context("`end` or `end-N`")?));
        }
        let (digits, negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
        let number = match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        let number = number.with_context(|| format!("`{text}` is no number"))?;
        Ok(Self::Number(if negative { number.wrapping_neg() } else { number }))
    }
}

impl Value {
    fn resolved(self, end: u64) -> Result<u64> {
        match self {
            Self::Number(number) => Ok(number),
            Self::BeforeEnd(distance) => {
                end.checked_sub(distance).with_context(|| format!("it has {end} bytes only"))
            }
        }
    }
}

/// An object's section table.
pub(super) fn sections(object: &[u8]) -> Result<SectionTable<'_, FileHeader64<LE>>> {
    let header = FileHeader64::<LE>::parse(object).context("not an ELF file")?;
    header.sections(LE, object).context("no section table")
}

fn field(rows: &[Row], name: &str) -> Result<Field> {
    let row = rows.iter().find(|row| row.0 == name);
    let &(_, offset, width) = row.with_context(|| format!("there is no field `{name}`"))?;
    Ok(Field { offset, width })
}

fn patched(object: &[u8], place: &Place, field: Field, value: Value) -> Result<Vec<u8>> {
    let Found { start, end } = find(object, place)?;
    let start = usize::try_from(start + field.offset)?;
    let value = value.resolved(end)?.to_le_bytes();
    let value = value.get(..field.width).unwrap_or(&value);
    let mut damaged = object.to_vec();
    let bytes = damaged.get_mut(start..start + field.width).context("past the end of the file")?;
    ensure!(*bytes != *value, "that is what it holds anyway: the damage would be none");
    bytes.copy_from_slice(value);
    Ok(damaged)
}

/// Where a place is in the file, and what `end` means for values there.
struct Found {
    start: u64,
    end: u64,
}

fn find(object: &[u8], place: &Place) -> Result<Found> {
    let size = object.len() as u64;
    let sections = sections(object)?;
    Ok(match place {
        Place::Header => Found { start: 0, end: size },
        Place::Section(name) => {
            let (index, _) = named(&sections, name)?;
            let table = FileHeader64::<LE>::parse(object)?.e_shoff(LE);
            Found { start: table + index.0 as u64 * SECTION_HEADER, end: size }
        }
        Place::Byte(name, at) => {
            let (_, section) = named(&sections, name)?;
            let at = at.resolved(section.sh_size(LE))?;
            Found { start: section.sh_offset(LE) + at, end: size }
        }
        Place::Word(name, at) => {
            let (_, section) = named(&sections, name)?;
            ensure!(at * 4 + 4 <= section.sh_size(LE), "{name} has no word {at}");
            Found { start: section.sh_offset(LE) + at * 4, end: size }
        }
        Place::Relocation(name, number) => {
            let (_, section) = named(&sections, name)?;
            ensure!((number + 1) * RELOCATION <= section.sh_size(LE), "{name} is too short");
            let target = sections.section(SectionIndex(section.sh_info(LE) as usize))?;
            let start = section.sh_offset(LE) + number * RELOCATION;
            Found { start, end: target.sh_size(LE) }
        }
        Place::Symbol(name) => {
            let (_, table) = named(&sections, ".symtab")?;
            let symbols = sections.symbols(LE, object, SHT_SYMTAB)?;
            let mut numbered = symbols.iter().zip(0u64..);
            let found = numbered.find(|(symbol, _)| {
                symbol.name(LE, symbols.strings()).is_ok_and(|found| found == name.as_bytes())
            });
            let (_, number) = found.with_context(|| format!("there is no symbol {name}"))?;
            Found { start: table.sh_offset(LE) + number * SYMBOL, end: size }
        }
    })
}

fn named<'a>(
    sections: &SectionTable<'a, FileHeader64<LE>>,
    name: &str,
) -> Result<(SectionIndex, &'a SectionHeader64<LE>)> {
    let found = sections.section_by_name(LE, name.as_bytes());
    found.with_context(|| format!("there is no section {name}"))
}

#[cfg(test)]
#[path = "damage_tests.rs"]
mod tests;
