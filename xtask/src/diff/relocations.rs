//! What the test itself reads of an object: its relocations, apart from the loader's reading.

use anyhow::{Context, Result};
use object::elf::{
    FileHeader64, Rela64, SHF_ALLOC, SHN_UNDEF, SHT_RELA, SHT_SYMTAB, STB_LOCAL, STB_WEAK,
};
use object::read::elf::{FileHeader, Rela, SectionHeader, SectionTable, Sym, SymbolTable};
use object::{LittleEndian as LE, SymbolIndex};

/// A parsed file.
pub struct File<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its header.
    pub header: &'a FileHeader64<LE>,
    /// Its sections.
    pub sections: SectionTable<'a, FileHeader64<LE>>,
    /// Its symbols.
    pub symbols: SymbolTable<'a, FileHeader64<LE>>,
}

/// A relocation, with all that is known of its symbol.
#[derive(Clone, Debug)]
pub struct Relocation {
    /// The section with the relocations.
    pub table: u32,
    /// Its number there.
    pub entry: usize,
    /// The section that it changes.
    pub section: u32,
    /// Where it changes it, in bytes of the file's section.
    pub offset: u64,
    /// Its type.
    pub number: u32,
    /// Its addend.
    pub addend: i64,
    /// Its symbol's number.
    pub symbol: u32,
    /// Its symbol's name; a section's symbol goes by the section's.
    pub name: Vec<u8>,
    /// Where the symbol is defined.
    pub target: Target,
    /// Whether the symbol is weak.
    pub weak: bool,
    /// Whether the symbol is its object's own.
    pub local: bool,
}

/// Where a symbol is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nowhere: its value is its address, or it is COMMON.
    Fixed(u64),
    /// In a section, at an offset of the file's section.
    Section(u32, u64),
    /// In another object, or outside.
    Undefined,
}

/// A relocation table.
struct Table<'a> {
    /// Its number.
    index: u32,
    /// The number of the section that it changes.
    section: u32,
    entries: &'a [Rela64<LE>],
}

/// The relocations of an object's allocated sections.
#[derive(Clone, Debug, Default)]
pub struct Relocations {
    /// All, table by table.
    pub all: Vec<Relocation>,
}

impl<'a> File<'a> {
    /// Reads a file's tables.
    ///
    /// # Errors
    /// They are damaged.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let header = FileHeader64::<LE>::parse(bytes).context("not an ELF64 file")?;
        let sections = header.sections(LE, bytes)?;
        let symbols = sections.symbols(LE, bytes, SHT_SYMTAB)?;
        Ok(Self { bytes, header, sections, symbols })
    }

    /// A section's name.
    pub fn section_name(&self, index: u32) -> String {
        let section = self.sections.section(object::SectionIndex(index as usize));
        let name = section.and_then(|section| self.sections.section_name(LE, section));
        String::from_utf8_lossy(name.unwrap_or_default()).into_owned()
    }

    /// The relocation tables of sections that are allocated.
    ///
    /// # Errors
    /// A table is damaged.
    fn tables(&self) -> Result<Vec<Table<'a>>> {
        let mut tables = Vec::new();
        for (index, section) in self.sections.enumerate() {
            if section.sh_type(LE) != SHT_RELA {
                continue;
            }
            let changes = section.info_link(LE);
            let allocated = self.sections.section(changes)?.sh_flags(LE).0 & SHF_ALLOC.0 != 0;
            if let Some((entries, _)) = section.rela(LE, self.bytes)?
                && allocated
            {
                tables.push(Table {
                    index: u32::try_from(index.0)?,
                    section: u32::try_from(changes.0)?,
                    entries,
                });
            }
        }
        Ok(tables)
    }
}

impl Relocations {
    /// Reads the relocations of an object.
    ///
    /// # Errors
    /// Its tables are damaged.
    pub fn read(file: &File<'_>) -> Result<Self> {
        let mut all = Vec::new();
        for Table { index: table, section, entries } in file.tables()? {
            for (entry, rela) in entries.iter().enumerate() {
                let symbol = rela.r_sym(LE, false);
                let (name, target, weak, local) = describe(file, symbol)?;
                all.push(Relocation {
                    table,
                    entry,
                    section,
                    offset: rela.r_offset(LE),
                    number: rela.r_type(LE, false).0,
                    addend: rela.r_addend(LE),
                    symbol,
                    name,
                    target,
                    weak,
                    local,
                });
            }
        }
        Ok(Self { all })
    }
}

fn describe(file: &File<'_>, number: u32) -> Result<(Vec<u8>, Target, bool, bool)> {
    if number == 0 {
        return Ok((Vec::new(), Target::Fixed(0), false, true));
    }
    let index = SymbolIndex(number as usize);
    let symbol = file.symbols.symbol(index)?;
    let mut name = file.symbols.symbol_name(LE, symbol)?.to_vec();
    let target = match file.symbols.symbol_section(LE, symbol, index)? {
        Some(section) => {
            let section = u32::try_from(section.0)?;
            if name.is_empty() {
                name = file.section_name(section).into_bytes();
            }
            Target::Section(section, symbol.st_value(LE))
        }
        None if symbol.st_shndx(LE) == SHN_UNDEF => Target::Undefined,
        None => Target::Fixed(symbol.st_value(LE)),
    };
    let local = symbol.st_bind() == STB_LOCAL;
    Ok((name, target, symbol.st_bind() == STB_WEAK, local))
}
