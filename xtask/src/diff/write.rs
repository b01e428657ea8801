//! What the linkers are given: the objects, neutralised so that they take every section as it is, and an
//! object with the imports.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use object::elf::{
    FileHeader64, Rela64, SHF_ALLOC, SHF_COMPRESSED, SHF_EXECINSTR, SHF_GROUP, SHF_TLS, SHF_WRITE,
    SHN_ABS, SHN_UNDEF, SHT_GROUP, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SHT_REL, SHT_RELA,
    SHT_STRTAB, SHT_SYMTAB, STB_GLOBAL, STT_NOTYPE, STT_TLS, SectionFlags, SectionHeader64,
    SectionType, Sym64, SymbolInfo, SymbolOther, SymbolSection,
};
use object::read::elf::{Rela, SectionHeader};
use object::write::{Object, Relocation, StandardSection, Symbol};
use object::{
    Architecture, BinaryFormat, Endianness, I64, LittleEndian as LE, RelocationFlags, SymbolFlags,
    SymbolKind, SymbolScope, U16, U32, U64, pod,
};

use super::relocations::File;
use crate::arch::Arch;
use crate::link::thread_locals::{IMPORT as IMPORT_SIZE, ThreadLocals};

/// The name of an absolute symbol that is 0.
pub const ZERO: &[u8] = b"%zero";
/// The section that holds an import, but for its number.
const IMPORT: &str = ".import.";
/// The section that holds the imported thread-local variables.
pub const THREAD_LOCAL_IMPORTS: &str = ".import.tls";
/// The name of every section that is not loaded.
pub const DISCARDED: &str = ".discarded";
/// The most sections whose numbers fit into a symbol, with some for the copy's own.
pub const NUMBERED: usize = 0xfe00;
/// The most sections for which a script with a line for each is worth its time.
pub const SECTIONS: usize = 8000;

/// What is changed in the relocations of an object, by their tables and entries.
pub type Changes = BTreeMap<(u32, usize), Change>;

/// What is changed in a relocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is made one that does nothing.
    Dropped,
    /// It is another one.
    Given(Given),
    /// It is that of an absolute address, 0 and its addend, and the RISC-V AUIPC is a LUI.
    Lui,
}

/// What a linker gets in the place of a relocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The type.
    pub kind: u32,
    /// The addend.
    pub addend: i64,
    /// The symbol, where it is another one.
    pub symbol: Option<Vec<u8>>,
}

impl Change {
    /// The name of the symbol that it needs.
    fn symbol(&self) -> Option<&[u8]> {
        match self {
            Self::Dropped => None,
            Self::Given(given) => given.symbol.as_deref(),
            Self::Lui => Some(ZERO),
        }
    }
}

/// The name by which a linker knows a section of an object.
pub fn section_name(object: usize, index: u32) -> String {
    format!(".load.{object}.{index}")
}

/// The name by which a linker knows the section of an import.
pub fn import_name(number: usize) -> String {
    format!("{IMPORT}{number}")
}

/// The name of the absolute symbol that stands for a number.
pub fn number_name(number: u64) -> Vec<u8> {
    format!("%number.{number:x}").into_bytes()
}

/// The name of the symbol that stands for an import's stub.
pub fn stub_name(import: &[u8]) -> Vec<u8> {
    [b"%stub.", import].concat()
}

/// A copy of an object in which every section of `loaded` has the name given there and nothing that
/// makes a linker treat it in a special way, and all others have the same name. Contents,
/// relocations, symbols and COMDAT groups are the same, but for `changes`.
///
/// # Errors
/// The object is damaged.
pub fn neutralised(
    bytes: &[u8],
    loaded: &BTreeMap<u32, String>,
    changes: &Changes,
) -> Result<Vec<u8>> {
    let file = File::parse(bytes)?;
    let mut sections: Vec<SectionHeader64<LE>> = file.sections.iter().copied().collect();
    let mut names = Strings::new();
    let mut symbol_table = None;
    for (index, section) in sections.iter_mut().enumerate() {
        let number = u32::try_from(index)?;
        let kind = section.sh_type(LE);
        let name = if let Some(name) = loaded.get(&number) {
            neutralise(
                section,
                SHF_ALLOC.0
                    | SHF_COMPRESSED.0
                    | SHF_EXECINSTR.0
                    | SHF_GROUP.0
                    | SHF_TLS.0
                    | SHF_WRITE.0,
            );
            name.clone()
        } else if kind == SHT_SYMTAB {
            symbol_table = Some(index);
            String::new()
        } else if [SHT_NULL, SHT_STRTAB, SHT_RELA, SHT_REL, SHT_GROUP].contains(&kind) {
            String::new()
        } else {
            neutralise(section, SHF_GROUP.0);
            DISCARDED.into()
        };
        section.sh_name = U32::new(LE, names.add(name.as_bytes())?);
    }
    let mut body = bytes.to_vec();
    // The linkers have ways of their own with the addresses of thread-local sections without bytes.
    for section in &mut sections {
        if section.sh_flags(LE).0 & SHF_TLS.0 != 0 && section.sh_type(LE) == SHT_NOBITS {
            section.sh_type = U32::new(LE, SHT_PROGBITS);
            let zeros = vec![0; usize::try_from(section.sh_size(LE))?];
            append(&mut body, Some(section), &zeros);
        }
    }
    if let Some(index) = symbol_table {
        let extra = changes.values().filter_map(Change::symbol).collect();
        let numbers = extend_symbols(&mut body, &file, &mut sections, index, &extra)?;
        for ((table, entry), change) in changes {
            let table = file.sections.section(object::SectionIndex(*table as usize))?;
            let number = change.symbol().and_then(|name| numbers.get(name)).copied();
            apply(&mut body, &file, table, *entry, change, number)?;
        }
    }
    finish(body, *file.header, sections, names)
}

/// Takes away what makes a section special.
fn neutralise(section: &mut SectionHeader64<LE>, kept: u64) {
    if section.sh_type(LE) != SHT_NOBITS {
        section.sh_type = U32::new(LE, SHT_PROGBITS);
    }
    section.sh_flags = U64::new(LE, SectionFlags(section.sh_flags(LE).0 & kept));
    section.sh_link = U32::new(LE, 0);
    section.sh_info = U32::new(LE, 0);
    section.sh_entsize = U64::new(LE, 0);
}

/// Changes an entry of a relocation table; `symbol` is the number of the symbol that it names
/// where that is another one.
fn apply(
    body: &mut [u8],
    file: &File<'_>,
    table: &SectionHeader64<LE>,
    entry: usize,
    change: &Change,
    symbol: Option<u32>,
) -> Result<()> {
    /// `R_RISCV_HI20`
    const HI20: u32 = 26;
    let (entries, _) = table.rela(LE, file.bytes)?.context("not a relocation table")?;
    let rela = entries.get(entry).context("no such relocation")?;
    let (kind, addend, own) = match change {
        Change::Dropped => (0, 0, 0), // R_*_NONE, on all machines
        Change::Given(given) => (given.kind, given.addend, rela.r_sym(LE, false)),
        Change::Lui => (HI20, rela.r_addend(LE), 0),
    };
    let symbol = symbol.unwrap_or(own);
    let changed = Rela64 {
        r_offset: rela.r_offset,
        r_info: U64::new(LE, u64::from(symbol) << 32 | u64::from(kind)),
        r_addend: I64::new(LE, addend),
    };
    let at = usize::try_from(table.sh_offset(LE))? + size_of_val(rela) * entry;
    let place = body.get_mut(at..at + size_of_val(rela));
    let place = place.context("a relocation outside the file")?;
    place.copy_from_slice(pod::bytes_of(&changed));
    if *change == Change::Lui {
        let section = file.sections.section(table.info_link(LE))?;
        let at = usize::try_from(section.sh_offset(LE) + rela.r_offset(LE))?;
        let opcode = body.get_mut(at).context("an instruction outside the file")?;
        *opcode ^= 0x20; // AUIPC is 0x17, LUI is 0x37
    }
    Ok(())
}

/// Copies the symbol table and its strings to the end of the file and adds undefined symbols;
/// returns their numbers.
fn extend_symbols<'n>(
    body: &mut Vec<u8>,
    file: &File<'_>,
    sections: &mut [SectionHeader64<LE>],
    table: usize,
    names: &BTreeSet<&'n [u8]>,
) -> Result<BTreeMap<&'n [u8], u32>> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut symbols: Vec<Sym64<LE>> = file.symbols.iter().copied().collect();
    let strings = usize::try_from(sections[table].sh_link(LE))?;
    let old = file.sections.section(object::SectionIndex(strings))?.data(LE, file.bytes)?;
    let mut new = Strings(old.to_vec());
    let mut numbers = BTreeMap::new();
    for name in names {
        numbers.insert(*name, u32::try_from(symbols.len())?);
        symbols.push(symbol(new.add(name)?, SHN_UNDEF, 0));
    }
    append(body, sections.get_mut(table), pod::bytes_of_slice(&symbols));
    append(body, sections.get_mut(strings), &new.0);
    Ok(numbers)
}

/// An object that defines each import in a section of its own. COMMON symbols are among them: a
/// definition takes the place of a COMMON symbol.
///
/// # Errors
/// There are more of them than a table can hold.
pub fn imports_object(
    like: &[u8],
    imports: &BTreeMap<Vec<u8>, u64>,
    numbers: &BTreeMap<Vec<u8>, u64>,
    thread_locals: &ThreadLocals,
) -> Result<Vec<u8>> {
    let like = *File::parse(like)?.header;
    let mut names = Strings::new();
    let mut strings = Strings::new();
    let mut sections = vec![section(0, SHT_NULL, 0)];
    let null = Sym64 { st_info: SymbolInfo(0), ..symbol(0, SHN_UNDEF, 0) };
    let mut symbols = vec![null];
    for (at, name) in imports.keys().enumerate() {
        let index = SymbolSection(u16::try_from(sections.len())?);
        sections.push(section(names.add(import_name(at).as_bytes())?, SHT_NOBITS, 1));
        symbols.push(symbol(strings.add(name)?, index, 0));
    }
    symbols.push(symbol(strings.add(ZERO)?, SHN_ABS, 0));
    for (name, number) in numbers {
        symbols.push(symbol(strings.add(name)?, SHN_ABS, *number));
    }
    let mut body = vec![0; size_of::<FileHeader64<LE>>()];
    if let Some(first) = thread_locals.imports.values().min() {
        let index = SymbolSection(u16::try_from(sections.len())?);
        let size = thread_locals.imports.len() as u64 * IMPORT_SIZE;
        let mut block = section(names.add(THREAD_LOCAL_IMPORTS.as_bytes())?, SHT_PROGBITS, size);
        append(&mut body, Some(&mut block), &vec![0; usize::try_from(size)?]);
        block.sh_flags = U64::new(LE, SectionFlags(SHF_ALLOC.0 | SHF_WRITE.0 | SHF_TLS.0));
        sections.push(block);
        for (name, offset) in &thread_locals.imports {
            let mut variable = symbol(strings.add(name)?, index, offset - first);
            variable.st_info = SymbolInfo::new(STB_GLOBAL, STT_TLS);
            symbols.push(variable);
        }
    }
    let mut table = section(0, SHT_SYMTAB, 0);
    table.sh_flags = U64::new(LE, SectionFlags(0));
    table.sh_entsize = U64::new(LE, 24);
    table.sh_info = U32::new(LE, 1);
    table.sh_link = U32::new(LE, u32::try_from(sections.len() + 1)?);
    append(&mut body, Some(&mut table), pod::bytes_of_slice(&symbols));
    let mut string_table = section(0, SHT_STRTAB, 0);
    string_table.sh_flags = U64::new(LE, SectionFlags(0));
    append(&mut body, Some(&mut string_table), &strings.0);
    sections.extend([table, string_table]);
    finish(body, like, sections, names)
}

/// An object of a machine with one relocation, of a type of this number, which may be one for
/// thread-local variables.
///
/// # Errors
/// There is no such machine.
pub fn trial_object(arch: Arch, number: u32, thread_local: bool) -> Result<Vec<u8>> {
    let machine = match arch {
        Arch::Aarch64 => Architecture::Aarch64,
        Arch::Riscv64 => Architecture::Riscv64,
        Arch::X86_64 => Architecture::X86_64,
    };
    let mut trial = Object::new(BinaryFormat::Elf, machine, Endianness::Little);
    let text = trial.section_id(StandardSection::Text);
    trial.append_section_data(text, &[0; 64], 16);
    let block = trial.section_id(StandardSection::Tls);
    trial.append_section_data(block, &[0; 64], 16);
    let symbol = trial.add_symbol(Symbol {
        name: b"there".to_vec(),
        value: 32,
        size: 0,
        kind: if thread_local { SymbolKind::Tls } else { SymbolKind::Text },
        scope: SymbolScope::Dynamic,
        weak: false,
        section: object::write::SymbolSection::Section(if thread_local { block } else { text }),
        flags: SymbolFlags::None,
    });
    let flags = RelocationFlags::Elf { r_type: object::elf::RelocationType(number) };
    trial.add_relocation(text, Relocation { offset: 16, symbol, addend: 0, flags })?;
    Ok(trial.write()?)
}

/// Appends the names and headers of the sections, and makes the header speak of them.
fn finish(
    mut body: Vec<u8>,
    mut header: FileHeader64<LE>,
    mut sections: Vec<SectionHeader64<LE>>,
    mut names: Strings,
) -> Result<Vec<u8>> {
    let mut table = section(names.add(b".shstrtab")?, SHT_STRTAB, 0);
    table.sh_flags = U64::new(LE, SectionFlags(0));
    append(&mut body, Some(&mut table), &names.0);
    header.e_shstrndx = U16::new(LE, SymbolSection(u16::try_from(sections.len())?));
    sections.push(table);
    header.e_shnum = U16::new(LE, u16::try_from(sections.len())?);
    let at = append(&mut body, None, pod::bytes_of_slice(&sections));
    header.e_shoff = U64::new(LE, at);
    let bytes = pod::bytes_of(&header);
    body.get_mut(..bytes.len()).context("a file without a header")?.copy_from_slice(bytes);
    Ok(body)
}

/// Appends bytes at a multiple of 8 and makes a section's header speak of them.
fn append(body: &mut Vec<u8>, section: Option<&mut SectionHeader64<LE>>, bytes: &[u8]) -> u64 {
    body.resize(body.len().next_multiple_of(8), 0);
    let at = body.len() as u64;
    if let Some(section) = section {
        section.sh_offset = U64::new(LE, at);
        section.sh_size = U64::new(LE, bytes.len() as u64);
    }
    body.extend_from_slice(bytes);
    at
}

fn section(name: u32, kind: SectionType, size: u64) -> SectionHeader64<LE> {
    SectionHeader64 {
        sh_name: U32::new(LE, name),
        sh_type: U32::new(LE, kind),
        sh_flags: U64::new(LE, SectionFlags(SHF_ALLOC.0)),
        sh_addr: U64::new(LE, 0),
        sh_offset: U64::new(LE, 0),
        sh_size: U64::new(LE, size),
        sh_link: U32::new(LE, 0),
        sh_info: U32::new(LE, 0),
        sh_addralign: U64::new(LE, 1),
        sh_entsize: U64::new(LE, 0),
    }
}

fn symbol(name: u32, section: SymbolSection, value: u64) -> Sym64<LE> {
    Sym64 {
        st_name: U32::new(LE, name),
        st_info: SymbolInfo::new(STB_GLOBAL, STT_NOTYPE),
        st_other: SymbolOther(0),
        st_shndx: U16::new(LE, section),
        st_value: U64::new(LE, value),
        st_size: U64::new(LE, 0),
    }
}

/// A string table.
struct Strings(Vec<u8>);

impl Strings {
    fn new() -> Self {
        Self(vec![0])
    }

    fn add(&mut self, name: &[u8]) -> Result<u32> {
        let at = u32::try_from(self.0.len())?;
        self.0.extend_from_slice(name);
        self.0.push(0);
        Ok(at)
    }
}
